package dev.waterspout.interconnect.mpi;

import java.util.concurrent.locks.LockSupport;

/**
 * The back-off of a rank between two polls of its messages. MPI has no progress thread, so messages move only when a
 * rank polls. A rank with its own core spins first, then yields, then sleeps. Ranks that share cores sleep at once,
 * for short times. Under Linux's autogroup scheduling each rank is a scheduling group, and a yield does not give the
 * core to another group: the rank would run to the end of its time slice of some milliseconds, while the rank that it
 * waits for could not run.
 */
class BackOff {
    /** Several times the latency of a small message over a fast link. */
    private static final long SPIN_NANOS = 100_000;

    /** A large message over a fast link stalls if polls are too far apart. */
    private static final long YIELD_NANOS = 20_000_000;

    /** Short against a message's time on a link; 1 to 20 us differed by less than the noise. */
    private static final long NAP_NANOS = 2_000;

    private static final long SLEEP_NANOS = 100_000;

    /** From here on a rank of an idle server waits, rather than one whose peers compute. */
    private static final long IDLE_NANOS = 1_000_000_000;

    /**
     * Setting a timer takes up to 40 us of processor time in a virtual machine: 100 us would be a quarter of a core.
     */
    private static final long IDLE_SLEEP_NANOS = 4_000_000;

    /** Interval of waits that are not urgent, in nanoseconds. */
    static final long LONG = YIELD_NANOS;

    private final boolean spin;

    /**
     * Must be called by the thread that will wait. Sets the thread's timer slack if the thread is to sleep for short
     * times.
     *
     * @param spin whether this rank has its own core
     */
    BackOff(boolean spin) {
        this.spin = spin;
        if (!spin) {
            TimerSlack.shorten();
        }
    }

    /** {@return whether a wait is still so short that only messages are checked} */
    boolean isShort(long waitedNanos) {
        return waitedNanos < SPIN_NANOS;
    }

    /** {@return the nanoseconds of a sleep after a wait that is not short} */
    static long sleepNanos(long waitedNanos) {
        return waitedNanos >= IDLE_NANOS ? IDLE_SLEEP_NANOS : SLEEP_NANOS;
    }

    @SuppressWarnings("ThreadPriorityCheck") // harmless for a rank with its own core
    void pause(Object waiter, long waitedNanos) {
        if (waitedNanos >= YIELD_NANOS) {
            LockSupport.parkNanos(waiter, sleepNanos(waitedNanos));
        } else if (!spin) {
            LockSupport.parkNanos(waiter, NAP_NANOS);
        } else if (waitedNanos < SPIN_NANOS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }
}
