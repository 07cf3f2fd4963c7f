package dev.waterspout.interconnect.mpi;

import java.util.Random;

/**
 * What goes wrong in a simulated run, drawn from a seed.
 *
 * @param kind of the fault
 * @param rank that it strikes
 * @param peer the other end of a pair that is cut
 * @param step after so many messages of the group, or calls of the rank
 * @param delayNanos usual delay of a message
 * @param eagerBytes smaller messages are copied when they are sent
 * @param seen whether other ranks see that a process has ended
 */
public record SimulatedFault(Kind kind, int rank, int peer, int step, long delayNanos, int eagerBytes, boolean seen) {
    /** How long a rank waits for another, in nanoseconds of virtual time. */
    public static final long TIMEOUT = 1_000_000_000;

    /** Half of the faults strike so early, while the ranks join and agree. */
    private static final int EARLY = 60;

    /** About as many messages of each pair, and as many calls of each rank, as a short run has. */
    private static final int MESSAGES_OF_A_PAIR = 45;

    private static final int CALLS = 700;
    private static final int LATE_MESSAGES = 400;

    /** The kinds of faults. */
    public enum Kind {
        /** Messages are delayed, each by a time of its own. */
        DELAY,
        /** Some messages take longer than ranks wait. */
        LONG_DELAY,
        /** A rank computes for longer than the others wait. */
        BUSY,
        /** One message is lost. */
        LOSS,
        /** All messages between two ranks are lost from some moment on. */
        CUT_PAIR,
        /** All messages of a rank are lost from some moment on: its host is cut off. */
        CUT_HOST,
        /** A process dies. */
        DEATH,
        /** A call of MPI fails. */
        ERROR
    }

    /**
     * Draws a fault.
     *
     * @param ranks of the group, at least 2
     */
    static SimulatedFault draw(Random random, int ranks) {
        Kind[] kinds = Kind.values();
        Kind kind = kinds[random.nextInt(kinds.length)];
        int rank = random.nextInt(ranks);
        int steps = switch (kind) {
            case LOSS, CUT_PAIR, CUT_HOST -> ranks * (ranks - 1) * MESSAGES_OF_A_PAIR;
            case DELAY, LONG_DELAY, BUSY, DEATH, ERROR -> CALLS;
        };
        return new SimulatedFault(
                kind,
                rank,
                (rank + 1 + random.nextInt(ranks - 1)) % ranks,
                random.nextInt(random.nextBoolean() ? EARLY : steps),
                1L << (10 + random.nextInt(10)),
                1 << random.nextInt(12),
                random.nextBoolean());
    }

    boolean loses(int sender, int receiver, long message) {
        return switch (kind) {
            case LOSS -> message == step;
            case CUT_PAIR -> message >= step && isPair(sender, receiver);
            case CUT_HOST -> message >= step && (sender == rank || receiver == rank);
            case DELAY, LONG_DELAY, BUSY, DEATH, ERROR -> false;
        };
    }

    private boolean isPair(int sender, int receiver) {
        return (sender == rank && receiver == peer) || (sender == peer && receiver == rank);
    }

    /** {@return nanoseconds from one rank to another} */
    long delay(Random random) {
        if (kind == Kind.LONG_DELAY && random.nextInt(LATE_MESSAGES) == 0) {
            return TIMEOUT / 2 + random.nextLong(2 * TIMEOUT);
        }
        return 1 + random.nextLong(random.nextInt(20) == 0 ? 100 * delayNanos : delayNanos);
    }

    /** {@return whether this is the call that the fault strikes} */
    boolean strikes(int caller, long call) {
        return caller == rank && call == step;
    }
}
