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

    /**
     * Starts what {@link #sum} does, and returns while messages are under way. A collective has one sum under way at a
     * time; several collectives of a rank may have one each, if together they stay within
     * {@link dev.waterspout.interconnect.transport.Transport#MAX_PENDING} exchanges. All ranks start and advance the
     * same sums in the same order.
     *
     * @param number which exchange of the forward pass this is, the same on every rank
     * @param port this rank's partial, which stays as it is until the sum is complete, and residual
     * @param rows tokens, at most the {@code maxRows} of the collective
     * @return the sum, to be advanced until it is complete
     * @throws dev.waterspout.interconnect.InterconnectException as in {@link #sum}
     */
    Sum start(int number, StagedPort port, int rows);

    /** Returns how often a sum is advanced until it is complete. */
    int steps();

    /** A sum under way. */
    @FunctionalInterface
    interface Sum {
        /**
         * Waits for the messages of the present step, and starts the next one or adds the sum to the residual.
         *
         * @return whether the sum is complete
         * @throws dev.waterspout.interconnect.InterconnectException as in {@link Collective#sum}
         */
        boolean advance();

        /** Advances until the sum is complete. */
        default void complete() {
            boolean complete = false;
            while (!complete) {
                complete = advance();
            }
        }
    }
}
