package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.transport.ExchangeQueue;
import dev.waterspout.interconnect.transport.Pending;
import java.lang.foreign.MemorySegment;

/** One rank's part of one exchange. Keeps its segments reachable while MPI may use them. */
final class MpiExchange implements Pending, ExchangeQueue.Entry {
    private final MpiTransport group;
    private final int slot;
    private final MemorySegment[] outgoing;
    private final MemorySegment[] incoming;
    /** Per rank the number of its message in this exchange, from 1; 0 after completion, or without a message. */
    private final long[] sending;

    private final long[] receiving;
    private int remaining;

    MpiExchange(MpiTransport group, int slot, MemorySegment[] outgoing, MemorySegment[] incoming) {
        this.group = group;
        this.slot = slot;
        this.outgoing = outgoing.clone();
        this.incoming = incoming.clone();
        this.sending = new long[outgoing.length];
        this.receiving = new long[incoming.length];
    }

    /** Checks that MPI can send a rank's messages. */
    static void requireCarried(int rank, MemorySegment[] messages) {
        for (int peer = 0; peer < messages.length; peer++) {
            long bytes = peer == rank ? 0 : messages[peer].byteSize();
            if (bytes > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("message of " + bytes + " bytes between rank " + rank + " and rank "
                        + peer + "; MPI carries at most " + Integer.MAX_VALUE);
            }
            if (bytes > 0 && !messages[peer].isNative()) {
                throw new IllegalArgumentException("message between rank " + rank + " and rank " + peer
                        + " is on the heap; MPI needs it off-heap");
            }
        }
    }

    /** {@return the slot of the exchange} */
    int slot() {
        return slot;
    }

    MemorySegment outgoing(int peer) {
        return outgoing[peer];
    }

    MemorySegment incoming(int peer) {
        return incoming[peer];
    }

    void sends(int peer, long message) {
        sending[peer] = message;
        remaining++;
    }

    void receives(int peer, long message) {
        receiving[peer] = message;
        remaining++;
    }

    void sent(int peer) {
        sending[peer] = 0;
        remaining--;
    }

    void received(int peer) {
        receiving[peer] = 0;
        remaining--;
    }

    /** {@return whether a message to or from this rank is not complete} */
    boolean lacks(int peer) {
        return sending[peer] > 0 || receiving[peer] > 0;
    }

    /** {@return whether a message is missing because a rank left before it} */
    boolean lacksForEver(int peer, StatusChannel channel) {
        return (receiving[peer] > 0 && channel.neverSends(peer, receiving[peer]))
                || (sending[peer] > 0 && channel.neverReceives(peer, sending[peer]));
    }

    @Override
    public boolean advance() {
        return remaining == 0;
    }

    @Override
    public boolean poll() {
        return group.poll(this);
    }

    @Override
    public void await() {
        group.await(this);
    }
}
