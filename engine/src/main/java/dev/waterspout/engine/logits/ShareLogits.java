package dev.waterspout.engine.logits;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A rank's share of the logits that the output head computed last, one row per token. They are valid until the next
 * rows are computed.
 */
@FunctionalInterface
public interface ShareLogits {
    /** Returns all of them, f32 {@code [rows][share]}. If they are on a device, it copies them first. */
    MemorySegment all();

    /**
     * Returns the answer to a request if a device has selected it from the logits of a row.
     *
     * @param row index of the row
     * @param request the request
     * @return the answer; null if it must be found among all logits
     */
    default @Nullable TopCandidates selected(int row, LogitsRequest request) {
        return null;
    }
}
