package dev.waterspout.interconnect.mpi;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/** The launcher's signal to end, as a rank has seen it: its time, and the rank whose end was the reason. */
final class LauncherStop {
    private static final long MILLISECOND = 1_000_000;
    /** How long after the signal this process may compute on without a wait, which would fail. */
    private static final long COMPUTING_NANOS = 400 * MILLISECOND;

    private static final int NOBODY = -1;

    private final int rank;
    /** In nanoseconds; 0 for not at all. */
    private volatile long since;
    /** The rank whose process was seen to have ended after the signal. */
    private volatile int firstEnded = NOBODY;

    LauncherStop(int rank) {
        this.rank = rank;
    }

    /**
     * Takes the signal, and returns when the rank's own thread has thrown a failure or has had the time to.
     *
     * @param ended the first rank whose process has ended, negative for none so far
     * @param surfaced whether the failure has been thrown
     */
    void take(IntSupplier ended, BooleanSupplier surfaced) {
        long now = System.nanoTime();
        since = now == 0 ? 1 : now;
        while (System.nanoTime() - now < COMPUTING_NANOS && !surfaced.getAsBoolean()) {
            if (firstEnded < 0) { // the others end because of it, and soon after it
                firstEnded = ended.getAsInt();
            }
            LockSupport.parkNanos(this, 10 * MILLISECOND);
        }
    }

    /** {@return when the signal came, in nanoseconds, 0 for not at all} */
    long since() {
        return since;
    }

    /** {@return whether the signal came so long ago that others have had their last words} */
    boolean isDue(long now) {
        return since != 0 && now - since > Watch.LAST_WORDS;
    }

    /** {@return what to say when the launcher ends this process outside of a wait} */
    String reason(Peers peers) {
        int peer = firstEnded;
        return peer < 0
                ? "rank " + rank + " was stopped by its launcher"
                : peers.describe(peer) + " has ended, and rank " + rank + " cannot go on without it";
    }
}
