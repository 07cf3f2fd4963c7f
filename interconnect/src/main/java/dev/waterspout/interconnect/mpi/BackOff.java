package dev.waterspout.interconnect.mpi;

import java.util.concurrent.locks.LockSupport;

/**
 * How a rank passes the time between two looks at its messages: MPI has no thread of its own, so nothing moves unless it
 * looks. A rank with a core of its own spins first, then offers the core to others, then sleeps. Ranks that share cores
 * take naps at once: a thread that yields to another session's, of which every rank is one under Linux's autogroups, runs
 * on until its slice of some milliseconds is over, and whoever it waits for cannot work.
 */
final class BackOff {
    /** As long as a small message takes over a fast link, several times. */
    private static final long SPIN_NANOS = 100_000;

    /** A large message over a fast link stalls between looks that are too far apart. */
    private static final long YIELD_NANOS = 20_000_000;

    /** Short against a message's time on a link; 1 to 20 us differed by less than the noise. */
    private static final long NAP_NANOS = 2_000;

    private static final long SLEEP_NANOS = 100_000;

    /** For a wait that is in no hurry, in nanoseconds. */
    static final long LONG = YIELD_NANOS;

    private final boolean spin;

    /**
     * Called by the thread that will wait: it asks for short sleeps if it is to take naps.
     *
     * @param spin whether this rank has a core of its own
     */
    BackOff(boolean spin) {
        this.spin = spin;
        if (!spin) {
            TimerSlack.shorten();
        }
    }

    /** {@return whether a wait is short enough to look at nothing but messages} */
    boolean isShort(long waitedNanos) {
        return waitedNanos < SPIN_NANOS;
    }

    @SuppressWarnings("ThreadPriorityCheck") // a rank with a core of its own loses nothing by it
    void pause(Object waiter, long waitedNanos) {
        if (waitedNanos >= YIELD_NANOS) {
            LockSupport.parkNanos(waiter, SLEEP_NANOS);
        } else if (!spin) {
            LockSupport.parkNanos(waiter, NAP_NANOS);
        } else if (waitedNanos < SPIN_NANOS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }
}
