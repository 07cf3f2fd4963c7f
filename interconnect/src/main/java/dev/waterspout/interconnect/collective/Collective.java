package dev.waterspout.interconnect.collective;

import java.lang.foreign.MemorySegment;

/**
 * How the partials of a row-parallel layer become the next hidden state. Every implementation leaves the same bits on
 * every rank: each rank sums what travelled, its own partial included, in rank order.
 */
public sealed interface Collective permits AllGather {
    /**
     * Adds the sum of all ranks' partials to the residual.
     *
     * @param exchange which exchange of the forward pass this is, the same on every rank
     * @param partial this rank's partial, f32 {@code [rows][columns]}
     * @param rows tokens, at most what the collective was made for
     * @param residual f32 {@code [rows][columns]}, the same bits on every rank before and after
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails, is late or sends another frame than
     *     expected
     */
    void sumInto(int exchange, MemorySegment partial, int rows, MemorySegment residual);
}
