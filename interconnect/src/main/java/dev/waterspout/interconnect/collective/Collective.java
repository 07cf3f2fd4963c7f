package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.WireFormat;

/**
 * How the partials of a row-parallel layer become the next hidden state. Every implementation leaves the same bits on
 * every rank: each rank sums what travelled, its own partial included, in rank order.
 */
public sealed interface Collective permits AllGather, TwoStep {
    /** Returns what partials travel as. */
    WireFormat format();

    /**
     * Adds the sum of all ranks' partials to the residual.
     *
     * @param number which exchange of the forward pass this is, the same on every rank
     * @param port this rank's partial and residual; the residual has the same bits on every rank before and after
     * @param rows tokens, at most what the collective was made for
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails, is late or sends another frame than
     *     expected
     */
    void sum(int number, PartialPort port, int rows);
}
