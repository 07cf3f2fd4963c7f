package dev.waterspout.interconnect.mpi;

import java.util.Arrays;

/** Per rank how many messages to and from it were started, and how many of them are complete. */
final class Tally {
    private final long[] sendsStarted;
    private final long[] sendsComplete;
    private final long[] receivesStarted;
    private final long[] receivesComplete;

    Tally(int size) {
        this.sendsStarted = new long[size];
        this.sendsComplete = new long[size];
        this.receivesStarted = new long[size];
        this.receivesComplete = new long[size];
    }

    /** {@return the message's number among those to this rank, from 1} */
    long startSend(int peer) {
        return ++sendsStarted[peer];
    }

    /** {@return the message's number among those from this rank, from 1} */
    long startReceive(int peer) {
        return ++receivesStarted[peer];
    }

    void sent(int peer) {
        sendsComplete[peer]++;
    }

    void received(int peer) {
        receivesComplete[peer]++;
    }

    long sends(int peer) {
        return sendsComplete[peer];
    }

    long receives(int peer) {
        return receivesComplete[peer];
    }

    /** {@return how many messages from this rank were started} */
    long receivesStarted(int peer) {
        return receivesStarted[peer];
    }

    /** {@return whether MPI needs this rank for no message of its own} */
    boolean allSent() {
        return Arrays.equals(sendsStarted, sendsComplete);
    }
}
