package dev.waterspout.interconnect.transport;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The pending exchanges of one rank: they complete in the order in which they were started.
 *
 * @param <E> the record of an exchange that a transport keeps
 */
public final class ExchangeQueue<E extends ExchangeQueue.Entry> {
    private final Deque<E> entries = new ArrayDeque<>();

    /** An exchange that can be moved on. */
    public interface Entry {
        /** Moves messages on; {@return true once it is complete} */
        boolean advance();
    }

    /**
     * Checks the arguments of an exchange before it is started.
     *
     * @param size ranks of the group
     * @param outgoing per rank the message for it
     * @param incoming per rank the segment that receives its message
     */
    public void requireRoom(int size, MemorySegment[] outgoing, MemorySegment[] incoming) {
        if (outgoing.length != size) {
            throw new IllegalArgumentException(
                    outgoing.length + " segments to send from; the group has " + size + " ranks");
        }
        if (incoming.length != size) {
            throw new IllegalArgumentException(
                    incoming.length + " segments to receive in; the group has " + size + " ranks");
        }
        if (entries.size() == Transport.MAX_PENDING) {
            throw new IllegalStateException(
                    entries.size() + " exchanges are under way; one must complete before another starts");
        }
    }

    /**
     * Adds an exchange.
     *
     * @param entry started after all others
     */
    public void add(E entry) {
        entries.addLast(entry);
    }

    /** Returns the one that completes next; there must be one. */
    public E first() {
        return entries.getFirst();
    }

    /** Moves on all exchanges up to this one; {@return true once it is complete} */
    public boolean advanceTo(E entry) {
        while (!entries.isEmpty() && entries.getFirst().advance()) {
            entries.removeFirst();
        }
        return !entries.contains(entry);
    }
}
