package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.WireFormat;

/**
 * An all-reduce of the partials of a row-parallel layer into the residual. Every implementation gives the same bits on
 * every rank: each rank sums the decoded packets in rank order, its own packet included.
 */
public sealed interface Collective permits AllGather, TwoStep {
    /** Returns the wire format of partials. */
    WireFormat format();

    /**
     * Adds the sum of all ranks' partials to the residual.
     *
     * @param number number of the exchange in the forward pass, the same on every rank
     * @param port this rank's partial and residual; the residual has the same bits on every rank before and after
     * @param rows tokens, at most the {@code maxRows} of the collective
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails, exceeds the time limit or sends an
     *     unexpected frame
     */
    void sum(int number, PartialPort port, int rows);

    /**
     * Starts a sum like that of {@link #sum}, and returns while messages are in flight. A collective has at most one
     * sum in progress. Several collectives of a rank may have one each, within
     * {@link dev.waterspout.interconnect.transport.Transport#MAX_PENDING} exchanges in total. All ranks start and
     * advance the same sums in the same order.
     *
     * @param number number of the exchange in the forward pass, the same on every rank
     * @param port this rank's partial and residual; the partial must not change until the sum is complete
     * @param rows tokens, at most the {@code maxRows} of the collective
     * @return the sum, to be advanced until it is complete
     * @throws dev.waterspout.interconnect.InterconnectException as in {@link #sum}
     */
    Sum start(int number, StagedPort port, int rows);

    /** Returns the number of times that a sum is advanced until it is complete. */
    int steps();

    /** A sum in progress. */
    @FunctionalInterface
    interface Sum {
        /**
         * Waits for the messages of the current step, then starts the next step or adds the sum to the residual.
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
