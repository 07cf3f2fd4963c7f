package dev.waterspout.engine.api;

import dev.waterspout.engine.generate.TokenConstraint;
import dev.waterspout.engine.tokenizer.TextStream;
import dev.waterspout.engine.tokenizer.TokenType;
import dev.waterspout.engine.tokenizer.Tokenizer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A constraint that applies a grammar after a marker text. Text before the marker is free. */
final class ConstraintAfter implements TokenConstraint {
    private final String begin;
    private final Supplier<GrammarConstraint> constraint;
    private final boolean repeats;
    private final Tokenizer tokenizer;
    private final TextStream stream;
    private final StringBuilder tail = new StringBuilder();
    private @Nullable GrammarConstraint active;

    /**
     * @param begin the marker text
     * @param constraint factory of the constraint after the marker
     * @param repeats whether free text may follow where the grammar's text may end
     * @param tokenizer tokenizer of the model
     */
    ConstraintAfter(String begin, Supplier<GrammarConstraint> constraint, boolean repeats, Tokenizer tokenizer) {
        this.begin = begin;
        this.constraint = constraint;
        this.repeats = repeats;
        this.tokenizer = tokenizer;
        this.stream = tokenizer.stream();
    }

    @Override
    public void restrict(float[] logits) {
        if (active != null) {
            active.restrict(logits);
        }
    }

    @Override
    public void accept(int token) {
        if (active != null) {
            active.accept(token);
            if (repeats && active.mayEnd()) {
                active = null;
                tail.setLength(0);
            }
            return;
        }
        boolean control = tokenizer.vocabulary().type(token) == TokenType.CONTROL;
        tail.append(control ? tokenizer.vocabulary().text(token) : stream.next(token));
        int at = tail.indexOf(begin);
        if (at >= 0) {
            GrammarConstraint next = constraint.get();
            // A token may contain more text than the end of the marker.
            active = next.accept(tail.substring(at + begin.length())) ? next : null;
            tail.setLength(0);
        } else if (tail.length() > begin.length()) {
            tail.delete(0, tail.length() - begin.length());
        }
    }
}
