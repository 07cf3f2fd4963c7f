package dev.waterspout.interconnect.mpi;

import java.util.concurrent.locks.LockSupport;

/**
 * How a rank passes the time between two looks at its messages: MPI has no thread of its own, so nothing moves unless it
 * looks. Spins first, then offers its core to others, then sleeps.
 */
final class Patience {
    /** As long as a small message takes over a fast link, several times. */
    private static final long SPIN_NANOS = 100_000;

    /** A large message over a fast link stalls between looks that are too far apart. */
    private static final long YIELD_NANOS = 20_000_000;

    private static final long SLEEP_NANOS = 100_000;

    /** For a wait that is in no hurry, in nanoseconds. */
    static final long LONG = YIELD_NANOS;

    private final boolean spin;

    /** @param spin whether this rank has a core of its own */
    Patience(boolean spin) {
        this.spin = spin;
    }

    /** {@return whether a wait is short enough to look at nothing but messages} */
    boolean isShort(long waitedNanos) {
        return waitedNanos < SPIN_NANOS;
    }

    @SuppressWarnings("ThreadPriorityCheck") // a sleep would cost more than most messages take
    void pause(Object waiter, long waitedNanos) {
        if (spin && waitedNanos < SPIN_NANOS) {
            Thread.onSpinWait();
        } else if (waitedNanos < YIELD_NANOS) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(waiter, SLEEP_NANOS);
        }
    }
}
