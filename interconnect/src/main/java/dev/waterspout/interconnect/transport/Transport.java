package dev.waterspout.interconnect.transport;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Moves messages between the ranks of a group, one rank per instance, called by one thread at a time. All ranks start
 * the same exchanges in the same order.
 *
 * <p>There is one operation: an exchange, in which every rank may send a message to every other rank. An empty segment
 * means no message. Exchanges overlap: up to {@link #MAX_PENDING} may be in flight, and they complete in the order in
 * which they were started.
 *
 * <p>An exchange that fails ends the group: every rank that waits, and every later exchange, fails with the first
 * reason. So does an interrupt of a waiting thread, whose interrupt status stays set. Arguments that a rank can see to
 * be wrong by itself are refused before anything is sent, with {@link IllegalArgumentException}.
 */
public interface Transport extends AutoCloseable {
    /** Largest number of pending exchanges of one rank. */
    int MAX_PENDING = 16;

    /** Returns this rank's number, from 0. */
    int rank();

    /** Returns how many ranks the group has. */
    int size();

    /** Returns the names of the hosts of all ranks, in rank order. */
    List<String> hosts();

    /** Returns the name of the transport, for messages to the user. */
    String description();

    /** Returns this rank's number among the ranks of its host, from 0. */
    default int localRank() {
        String own = hosts().get(rank());
        return (int) hosts().subList(0, rank()).stream().filter(own::equals).count();
    }

    /** Returns how many ranks this rank's host has. */
    default int localSize() {
        String own = hosts().get(rank());
        return (int) hosts().stream().filter(own::equals).count();
    }

    /**
     * Starts an exchange.
     *
     * @param outgoing per rank the message for it, off-heap; the same segment may occur several times, and an empty one
     *     means no message. The messages must not be changed before the exchange is complete. The element at
     *     {@link #rank()} is ignored.
     * @param incoming per rank the target of its message, exactly as long as that message. The targets must not be read
     *     or written before the exchange is complete. The element at {@link #rank()} is not changed.
     * @return the exchange
     * @throws dev.waterspout.interconnect.InterconnectException if the group has ended
     */
    Pending start(MemorySegment[] outgoing, MemorySegment[] incoming);

    /**
     * Gives every rank's message to every rank, and waits.
     *
     * @param message this rank's message, off-heap
     * @param received one segment per rank, each exactly as long as that rank's message; the one at {@link #rank()} is
     *     left untouched
     * @throws dev.waterspout.interconnect.InterconnectException as in {@link Pending#await}
     */
    default void allGather(MemorySegment message, MemorySegment[] received) {
        MemorySegment[] outgoing = new MemorySegment[size()];
        Arrays.fill(outgoing, message);
        start(outgoing, received).await();
    }

    /**
     * Gives every rank's message to one rank, and waits for this rank's part.
     *
     * @param root rank that receives
     * @param message this rank's message, off-heap; not looked at on the root
     * @param received see {@link #allGather}, on the root; null elsewhere
     * @throws dev.waterspout.interconnect.InterconnectException as in {@link Pending#await}
     */
    default void gather(int root, MemorySegment message, MemorySegment @Nullable [] received) {
        if (root < 0 || root >= size()) {
            throw new IllegalArgumentException("root " + root + " is not within 0 to " + (size() - 1));
        }
        MemorySegment[] none = new MemorySegment[size()];
        Arrays.fill(none, MemorySegment.NULL);
        if (rank() != root) {
            MemorySegment[] outgoing = none.clone();
            outgoing[root] = message;
            start(outgoing, none).await();
        } else if (received == null) {
            throw new IllegalArgumentException("rank " + root + " is the root and needs segments to receive in");
        } else {
            start(none, received).await();
        }
    }

    /**
     * Tells the other ranks that this rank is busy and not lost, which restarts the deadlines of ranks that wait for
     * it. Called by the rank's thread during work that may take long.
     */
    void alive();

    /**
     * Tells the group that this rank cannot go on, so that no other rank waits for it. From any thread.
     *
     * @param cause why
     */
    void abort(Throwable cause);

    /**
     * Leaves the group. Called on any thread. Messages that this rank has sent in completed exchanges still arrive, so
     * a rank may leave when its own part of the last exchange is done; an exchange that lacks it fails at once.
     */
    @Override
    void close();
}
