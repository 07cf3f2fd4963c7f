package dev.waterspout.benchmarks.network;

import dev.waterspout.interconnect.collective.ExchangeCounters;

/**
 * A way to sum partials that is compared with others, on one rank. All ranks run the same contenders in the same
 * order.
 */
interface Contender {
    /** {@return its name, the same on every rank} */
    String name();

    /** {@return its choice at a size, if the name does not tell it} */
    String detail(int rows);

    /** {@return rows in one message, for the table; 0 if the library chooses} */
    int chunkRows();

    /** Warms up, as far as one rank can without the others. */
    void prepare();

    /** {@return a runner for a number of rows, so that the timed part looks nothing up} */
    default Contender at(int rows) {
        return this;
    }

    /** Does one exchange, and returns when this rank has ended it. */
    void sum(int rows);

    /** {@return bytes that this rank sends in one sum, headers included} */
    long bytesSent(int rows);

    /** {@return the times spent so far on encoding, transfer and summing; empty if unknown} */
    ExchangeCounters.Snapshot spent();
}
