package dev.waterspout.engine.logits;

import dev.waterspout.engine.model.ModelException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Refuses logits from which nothing can be sampled. */
public final class LogitsCheck {
    private LogitsCheck() {}

    /**
     * Returns the logits if they differ from each other and none is NaN or plus infinity. Minus infinity is a token
     * that is never sampled.
     *
     * @param logits f32, one per token of the vocabulary
     * @param likelyCause likely cause of unusable logits, for the message
     * @throws ModelException naming the value and the likely cause
     */
    public static MemorySegment require(MemorySegment logits, String likelyCause) {
        long count = logits.byteSize() / Float.BYTES;
        float first = logits.getAtIndex(ValueLayout.JAVA_FLOAT, 0);
        boolean differ = false;
        for (long id = 0; id < count; id++) {
            float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, id);
            if (!(logit < Float.POSITIVE_INFINITY)) {
                throw unusable(id, logit, likelyCause);
            }
            differ |= logit != first;
        }
        if (!differ && count > 1) {
            throw equal(count, first, likelyCause);
        }
        return logits;
    }

    static ModelException unusable(long id, float logit, String likelyCause) {
        return new ModelException("the logit of token " + id + " is "
                + (Float.isNaN(logit) ? "not a number" : "infinite") + "; likely cause: " + likelyCause);
    }

    static ModelException equal(long count, float logit, String likelyCause) {
        return new ModelException("all " + count + " logits are equal, " + logit + "; likely cause: " + likelyCause);
    }
}
