package dev.waterspout.benchmarks.network;

import dev.waterspout.interconnect.collective.ExchangeCounters;

/**
 * One rank's part of a method of summing partials, which is compared with other methods. All ranks run the same
 * contenders in the same order.
 */
interface Contender {
    /** {@return its name, the same on every rank} */
    String name();

    /** {@return the exchange that it chose for a size; empty if the name determines it} */
    String detail(int rows);

    /** {@return rows in one message, for the table; 0 if the library chooses} */
    int chunkRows();

    /** Warms up, without the other ranks. */
    void prepare();

    /** {@return a contender for one number of rows, so that the timed part contains no lookup} */
    default Contender at(int rows) {
        return this;
    }

    /** Runs one exchange. Returns when it is complete on this rank. */
    void sum(int rows);

    /** {@return bytes that this rank sends in one sum, headers included} */
    long bytesSent(int rows);

    /** {@return the times spent so far on encoding, transfer and summing; empty if unknown} */
    ExchangeCounters.Snapshot spent();
}
