package dev.waterspout.engine.lab.capture;

import java.lang.foreign.MemorySegment;

/** Receives partials. Ranks call it concurrently, each with its own number. */
@FunctionalInterface
public interface PartialListener {
    /**
     * Receives a partial.
     *
     * @param rank number of the rank
     * @param exchange number of the exchange in the forward pass: twice the layer, plus 1 for its feed-forward half
     * @param partial f32 {@code [rows][width]}, valid during the call
     * @param rows tokens
     */
    void partial(int rank, int exchange, MemorySegment partial, int rows);
}
