package dev.waterspout.interconnect.transport;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/** The exchanges that one rank has under way: they complete in the order in which they were started. */
final class ExchangeQueue<E extends ExchangeQueue.Entry> {
    private final Deque<E> entries = new ArrayDeque<>();

    /** An exchange that can be moved on. */
    interface Entry {
        /** Moves messages on; {@return true once it is complete} */
        boolean advance();
    }

    /** Checks what a rank can see to be wrong before it starts an exchange. */
    void requireRoom(int size, MemorySegment[] outgoing, MemorySegment[] incoming) {
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

    void add(E entry) {
        entries.addLast(entry);
    }

    /** The one that completes next; there must be one. */
    E first() {
        return entries.getFirst();
    }

    /** Moves on all exchanges up to this one; {@return true once it is complete} */
    boolean advanceTo(E entry) {
        while (!entries.isEmpty() && entries.getFirst().advance()) {
            entries.removeFirst();
        }
        return !entries.contains(entry);
    }
}
