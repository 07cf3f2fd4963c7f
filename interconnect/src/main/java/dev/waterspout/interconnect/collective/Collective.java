package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.WireFormat;

/**
 * An all-reduce of the partials of a row-parallel layer into the residual. Every implementation leaves the same bits on
 * every rank: each rank sums the decoded packets in rank order, that of its own partial included.
 */
public sealed interface Collective permits AllGather, TwoStep {
    /** Returns the wire format of partials. */
    WireFormat format();

    /**
     * Adds the sum of all ranks' partials to the residual.
     *
     * @param number which exchange of the forward pass this is, the same on every rank
     * @param port this rank's partial and residual; the residual has the same bits on every rank before and after
     * @param rows tokens, at most the {@code maxRows} of the collective
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails, is late or sends another frame than
     *     expected
     */
    void sum(int number, PartialPort port, int rows);
}
