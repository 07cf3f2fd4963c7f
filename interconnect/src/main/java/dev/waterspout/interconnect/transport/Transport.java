package dev.waterspout.interconnect.transport;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Moves messages between the ranks of a group, one rank per instance, called by one thread at a time. All ranks call the
 * same collectives in the same order; a collective returns when the rank's own part is done, and its message may be reused
 * then.
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
     * @param received one segment per rank, each exactly as long as that rank's message; the one at {@link #rank()} is left
     *     untouched
     * @throws dev.waterspout.interconnect.InterconnectException if a message has another length than the receiver expects,
     *     if a rank failed, or if one did not arrive before the deadline; it names the rank
     */
    void allGather(MemorySegment message, MemorySegment[] received);

    /**
     * Gives every rank's message to one rank.
     *
     * @param root rank that receives
     * @param message this rank's message, off-heap
     * @param received as in {@link #allGather}, on the root; null elsewhere
     * @throws dev.waterspout.interconnect.InterconnectException as in {@link #allGather}
     */
    void gather(int root, MemorySegment message, MemorySegment @Nullable [] received);

    /**
     * Tells the group that this rank cannot go on, so that no other rank waits for it.
     *
     * @param cause why
     */
    void abort(Throwable cause);

    @Override
    void close();
}
