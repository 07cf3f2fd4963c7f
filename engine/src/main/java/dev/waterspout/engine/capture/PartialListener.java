package dev.waterspout.engine.capture;

import java.lang.foreign.MemorySegment;

/** Is shown partials. Ranks call it at the same time, each with its own number. */
@FunctionalInterface
public interface PartialListener {
    /**
     * Looks at a partial.
     *
     * @param rank whose it is
     * @param exchange which one of the forward pass: twice the layer, plus 1 for its feed-forward half
     * @param partial f32 {@code [rows][width]}, valid during the call
     * @param rows tokens
     */
    void partial(int rank, int exchange, MemorySegment partial, int rows);
}
