package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.testing.VirtualTime;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Messages between the ranks of a simulated MPI. Messages of one pair of ranks in one communicator stay in order; all
 * others may overtake each other. A small message may be copied when it is sent; any other is read from its sender's
 * memory when its receiver takes it.
 */
final class SimulatedNetwork {
    /** MPI's code of a message that is longer than the receiver's buffer. */
    static final int TRUNCATED = 15;

    static final int ANY = -2;

    private final VirtualTime time;
    private final SimulatedFault fault;
    private final Random random;
    private final int ranks;
    private final Map<Long, Channel> channels = new HashMap<>();
    /** Per rank: the receives without a message, in the order in which they were posted. */
    private final List<List<Request>> posted = new ArrayList<>();
    /** Per rank: the number of requested communicators. A communicator exists once all ranks have requested it. */
    private final int[] duplicates;

    private final boolean[] ended;
    private long messages;

    /** One direction of a pair of ranks in a communicator. */
    private static final class Channel {
        private final Deque<Request> waiting = new ArrayDeque<>();
        private long lastArrival;
    }

    /** A send, a receive or the duplication of a communicator. */
    static final class Request {
        private final int owner;
        private final int peer;
        private final int communicator;
        private MemorySegment buffer;
        private int tag;
        private int error;
        private int received;
        /** For a send: the time at which the receiver can see it. */
        private long arrives;
        /** Time of completion; {@link Long#MAX_VALUE} while it is unknown. */
        private long complete = Long.MAX_VALUE;

        private Request(int owner, int peer, int communicator, MemorySegment buffer, int tag) {
            this.owner = owner;
            this.peer = peer;
            this.communicator = communicator;
            this.buffer = buffer;
            this.tag = tag;
        }

        int tag() {
            return tag;
        }

        int error() {
            return error;
        }

        int received() {
            return received;
        }
    }

    SimulatedNetwork(int ranks, VirtualTime time, SimulatedFault fault, Random random) {
        this.ranks = ranks;
        this.time = time;
        this.fault = fault;
        this.random = random;
        this.duplicates = new int[ranks];
        this.ended = new boolean[ranks];
        for (int rank = 0; rank < ranks; rank++) {
            posted.add(new ArrayList<>());
        }
    }

    /** {@return the number of a new communicator, the same on all ranks} */
    int duplicate(int rank) {
        return ++duplicates[rank];
    }

    boolean hasAll(int duplicate) {
        for (int count : duplicates) {
            if (count < duplicate) {
                return false;
            }
        }
        return true;
    }

    /**
     * Starts to send.
     *
     * @param matched whether the send is complete only when the receiver takes the message
     */
    Request send(int rank, int peer, int communicator, MemorySegment message, int tag, boolean matched) {
        Request send = new Request(rank, peer, communicator, message, tag);
        boolean lost = fault.loses(rank, peer, messages++);
        boolean eager = !matched && message.byteSize() < fault.eagerBytes();
        if (eager) {
            send.buffer = MemorySegment.ofArray(message.toArray(ValueLayout.JAVA_BYTE));
            send.complete = time.now();
        }
        if (lost || ended[peer]) {
            return send;
        }
        Channel channel =
                channels.computeIfAbsent(((long) rank * ranks + peer) * 64 + communicator, _ -> new Channel());
        send.arrives = Math.max(channel.lastArrival, time.now() + fault.delay(random));
        channel.lastArrival = send.arrives;
        channel.waiting.add(send);
        time.wake(peer, send.arrives);
        return send;
    }

    /** Starts to receive from a rank, or from {@link #ANY}. */
    Request receive(int rank, int peer, int communicator, MemorySegment buffer) {
        Request receive = new Request(rank, peer, communicator, buffer, 0);
        posted.get(rank).add(receive);
        return receive;
    }

    /** Matches a rank's posted receives with the messages that have arrived. */
    void deliver(int rank) {
        Iterator<Request> receives = posted.get(rank).iterator();
        while (receives.hasNext()) {
            Request receive = receives.next();
            Channel from = arrived(receive);
            if (from != null) {
                receives.remove();
                take(receive, from.waiting.removeFirst());
            }
        }
    }

    /**
     * {@return the channel whose first message has arrived and matches a receive; of several, the one that arrived
     * first}
     */
    private @Nullable Channel arrived(Request receive) {
        Channel first = null;
        for (int peer = 0; peer < ranks; peer++) {
            if (receive.peer != ANY && receive.peer != peer) {
                continue;
            }
            Channel channel = channels.get(((long) peer * ranks + receive.owner) * 64 + receive.communicator);
            Request message = channel == null ? null : channel.waiting.peekFirst();
            if (message != null
                    && message.arrives <= time.now()
                    && (first == null || message.arrives < first.waiting.getFirst().arrives)) {
                first = channel;
            }
        }
        return first;
    }

    private void take(Request receive, Request message) {
        receive.tag = message.tag;
        receive.complete = time.now();
        long length = message.buffer.byteSize();
        if (length > receive.buffer.byteSize()) {
            receive.error = TRUNCATED;
        } else {
            receive.received = (int) length;
            receive.buffer.asSlice(0, length).copyFrom(message.buffer);
        }
        if (message.complete == Long.MAX_VALUE) {
            message.complete = time.now() + fault.delay(random);
            time.wake(message.owner, message.complete);
        }
    }

    boolean isComplete(Request request) {
        return request.complete <= time.now();
    }

    /** {@return the next time at which a message arrives for a rank, or a send of the rank completes} */
    long nextArrival(int rank) {
        long next = Long.MAX_VALUE;
        for (Channel channel : channels.values()) {
            Request message = channel.waiting.peekFirst();
            if (message != null && message.peer == rank && message.arrives > time.now()) {
                next = Math.min(next, message.arrives);
            }
        }
        return next;
    }

    /** A process has ended: its messages that were not copied never arrive, and it receives no more. */
    void end(int rank) {
        ended[rank] = true;
        posted.get(rank).clear();
        for (Channel channel : channels.values()) {
            channel.waiting.removeIf(
                    message -> message.peer == rank || (message.owner == rank && message.complete == Long.MAX_VALUE));
        }
    }
}
