package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.mpi.StatusMessage.Kind;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Checks, while a rank waits, for reasons to stop waiting. Each reason is one sentence. */
final class Watch {
    private static final long MILLISECOND = 1_000_000;
    /** Interval at which processes are checked. */
    private static final long PROCESS_CHECK = 100 * MILLISECOND;
    /**
     * Time limit for messages of a process that has ended. A launcher kills processes that do not end within a second.
     */
    static final long LAST_WORDS = 300 * MILLISECOND;

    private final int rank;
    private final int size;
    private final long timeout;
    private final StatusChannel channel;
    private final Peers peers;
    private final IntPredicate lacks;
    private final long start;
    private long nextProcessCheck;
    private int ended = -1;
    private boolean told;

    /**
     * @param timeout longest time to wait, in nanoseconds
     * @param lacks whether this rank waits for a given rank
     */
    Watch(MpiWorld world, long timeout, StatusChannel channel, Peers peers, IntPredicate lacks) {
        this.rank = world.rank();
        this.size = world.size();
        this.timeout = timeout;
        this.channel = channel;
        this.peers = peers;
        this.lacks = lacks;
        this.start = world.host().nanoTime();
        this.nextProcessCheck = start + PROCESS_CHECK;
    }

    /**
     * Checks all reasons.
     *
     * @param now current time in nanoseconds
     * @param stopped time of the launcher's signal to end, in nanoseconds; 0 if there was none
     * @return the reason to stop waiting, or null
     */
    @Nullable
    String reason(long now, long stopped) {
        String reason = endedProcess(now);
        if (reason == null && stopped != 0 && now - stopped > LAST_WORDS) {
            reason = "rank " + rank + " was stopped by its launcher while it waited for rank " + missing();
        }
        return reason == null ? lateRank(now) : reason;
    }

    private @Nullable String endedProcess(long now) {
        if (now < nextProcessCheck) {
            return null;
        }
        nextProcessCheck = now + PROCESS_CHECK;
        if (ended >= 0 && !channel.hasLeft(ended)) {
            return peers.describe(ended) + " has ended, and rank " + rank
                    + (lacks.test(ended) ? " waits for it" : " cannot go on without it");
        }
        ended = firstEnded(peers, channel, rank, size);
        return null;
    }

    /** {@return the first rank whose process has ended without leaving the group; -1 for none} */
    static int firstEnded(Peers peers, StatusChannel channel, int rank, int size) {
        return IntStream.range(0, size)
                .filter(peer -> peer != rank && peers.hasEnded(peer) && !channel.hasLeft(peer))
                .findFirst()
                .orElse(-1);
    }

    private @Nullable String lateRank(long now) {
        int late = -1;
        for (int peer = 0; peer < size; peer++) {
            if (!lacks.test(peer)) {
                continue;
            }
            long waited = now - Math.max(start, channel.lastSign(peer));
            if (waited > timeout / 2 && !told) {
                told = true;
                channel.sendToAll(new StatusMessage(Kind.WAITING, rank, peer, 0, ""));
            }
            // A rank that waits for another is not the cause.
            if (waited >= timeout && (late < 0 || channel.waitsFor(peer) < 0)) {
                late = peer;
            }
        }
        return late < 0 ? null : describeLate(late);
    }

    private String describeLate(int late) {
        String waited = "rank " + rank + " waited " + timeout / MILLISECOND + " ms for rank " + late;
        int culprit = channel.waitsFor(late);
        return culprit < 0 || culprit == rank
                ? waited + ", which did not arrive"
                : waited + ", which waits for rank " + culprit;
    }

    int missing() {
        return IntStream.range(0, size).filter(lacks).findFirst().orElse(rank);
    }
}
