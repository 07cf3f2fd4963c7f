package dev.waterspout.interconnect.mpi;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/** The launcher's signal to end this process: its time, and the rank whose end was the reason. */
final class LauncherStop {
    private static final long MILLISECOND = 1_000_000;
    /** Longest time after the signal that this process may compute without a wait, which would fail. */
    private static final long COMPUTING_NANOS = 400 * MILLISECOND;

    private static final int NOBODY = -1;

    private final int rank;
    /** Time of the signal in nanoseconds; 0 without a signal. */
    private volatile long since;
    /** The rank whose process was found to have ended after the signal. */
    private volatile int firstEnded = NOBODY;

    LauncherStop(int rank) {
        this.rank = rank;
    }

    /**
     * Handles the signal. Returns when the rank's own thread has thrown a failure, or after the time limit for it.
     *
     * @param ended the first rank whose process has ended, negative for none so far
     * @param surfaced whether the failure has been thrown
     */
    void take(IntSupplier ended, BooleanSupplier surfaced) {
        long now = System.nanoTime();
        since = now == 0 ? 1 : now;
        while (System.nanoTime() - now < COMPUTING_NANOS && !surfaced.getAsBoolean()) {
            if (firstEnded < 0) { // other ranks end because of the first one, shortly after it
                firstEnded = ended.getAsInt();
            }
            LockSupport.parkNanos(this, 10 * MILLISECOND);
        }
    }

    /** {@return the time of the signal in nanoseconds; 0 without a signal} */
    long since() {
        return since;
    }

    /** {@return whether messages that other ranks sent before their end must have arrived since the signal} */
    boolean isDue(long now) {
        return since != 0 && now - since > Watch.LAST_WORDS;
    }

    /** {@return the error message if the launcher ends this process outside of a wait} */
    String reason(Peers peers) {
        int peer = firstEnded;
        return peer < 0
                ? "rank " + rank + " was stopped by its launcher"
                : peers.describe(peer) + " has ended, and rank " + rank + " cannot go on without it";
    }
}
