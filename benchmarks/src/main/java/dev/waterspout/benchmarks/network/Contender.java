package dev.waterspout.benchmarks.network;

import dev.waterspout.interconnect.collective.ExchangeCounters;

/** One way to sum partials, made for one rank. All ranks run the same contenders in the same order. */
interface Contender {
    /** {@return what it is, the same on every rank} */
    String name();

    /** {@return what it does at a size, where that is not its name} */
    String detail(int rows);

    /** {@return rows in one message, for the table; 0 where that is not ours to choose} */
    int chunkRows();

    /** Does what makes the first run as fast as later ones, as far as one rank can by itself. */
    void prepare();

    /** {@return what sums so many rows, without looking it up each time} */
    default Contender at(int rows) {
        return this;
    }

    /** Sums once; returns when this rank is done. */
    void sum(int rows);

    /** {@return bytes that this rank sends in one sum, headers included} */
    long bytesSent(int rows);

    /** {@return what has been spent on encoding, transfer and summing so far; nothing where that is not known} */
    ExchangeCounters.Snapshot spent();
}
