package dev.waterspout.interconnect.transport;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Moves messages between the ranks of a group, one rank per instance, called by one thread at a time. All ranks call
 * the same collectives in the same order; a collective returns when the rank's own part is done, and its message may be
 * reused then.
 *
 * <p>A collective that fails ends the group: every rank that waits, and every later collective, fails with the first
 * reason. So does an interrupt of a waiting thread, whose interrupt status stays set. Arguments that a rank can see to
 * be wrong by itself are refused before anything is sent, with {@link IllegalArgumentException}.
 */
public interface Transport extends AutoCloseable {
    /** Returns this rank's number, from 0. */
    int rank();

    /** Returns how many ranks the group has. */
    int size();

    /**
     * Gives every rank's message to every rank.
     *
     * @param message this rank's message, off-heap
     * @param received one segment per rank, each exactly as long as that rank's message; the one at {@link #rank()} is
     *     left untouched
     * @throws dev.waterspout.interconnect.InterconnectException if a message has another length than the receiver
     *     expects, if a rank failed, or if one did not arrive before the deadline; it names the rank
     */
    void allGather(MemorySegment message, MemorySegment[] received);

    /**
     * Gives every rank's message to one rank.
     *
     * @param root rank that receives
     * @param message this rank's message, off-heap; not looked at on the root
     * @param received as in {@link #allGather}, on the root; null elsewhere
     * @throws dev.waterspout.interconnect.InterconnectException as in {@link #allGather}
     */
    void gather(int root, MemorySegment message, MemorySegment @Nullable [] received);

    /**
     * Tells the group that this rank cannot go on, so that no other rank waits for it. From any thread.
     *
     * @param cause why
     */
    void abort(Throwable cause);

    /**
     * Leaves the group; from any thread. What this rank has sent still arrives, so a rank may leave when its own part
     * of the last collective is done; a collective that lacks it fails at once.
     */
    @Override
    void close();
}
