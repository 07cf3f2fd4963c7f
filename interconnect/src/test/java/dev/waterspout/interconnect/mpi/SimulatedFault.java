package dev.waterspout.interconnect.mpi;

import java.util.Random;

/**
 * A fault of a simulated run, drawn from a seed.
 *
 * @param kind of the fault
 * @param rank rank with the fault
 * @param peer the other rank of a disconnected pair
 * @param step number of messages of the group, or of calls of the rank, before the fault
 * @param delayNanos usual delay of a message
 * @param eagerBytes messages below this size are copied when they are sent
 * @param seen whether other ranks can detect that a process has ended
 */
public record SimulatedFault(Kind kind, int rank, int peer, int step, long delayNanos, int eagerBytes, boolean seen) {
    /** Time-out of a rank, in nanoseconds of virtual time. */
    public static final long TIMEOUT = 1_000_000_000;

    /** Half of the faults occur within this number of steps, while the ranks join and compare their options. */
    private static final int EARLY = 60;

    /** Approximate number of messages of each pair, and of calls of each rank, in a short run. */
    private static final int MESSAGES_OF_A_PAIR = 45;

    private static final int CALLS = 700;
    private static final int LATE_MESSAGES = 400;

    /** The kinds of faults. */
    public enum Kind {
        /** Every message has a random delay. */
        DELAY,
        /** Some messages are delayed beyond the time-out. */
        LONG_DELAY,
        /** A rank computes beyond the time-out of the others. */
        BUSY,
        /** One message is lost. */
        LOSS,
        /** All later messages between two ranks are lost. */
        CUT_PAIR,
        /** All later messages of a rank are lost, as if its host were disconnected. */
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

    /** {@return the delay of a message in nanoseconds} */
    long delay(Random random) {
        if (kind == Kind.LONG_DELAY && random.nextInt(LATE_MESSAGES) == 0) {
            return TIMEOUT / 2 + random.nextLong(2 * TIMEOUT);
        }
        return 1 + random.nextLong(random.nextInt(20) == 0 ? 100 * delayNanos : delayNanos);
    }

    /** {@return whether the fault occurs in this call} */
    boolean strikes(int caller, long call) {
        return caller == rank && call == step;
    }
}
