package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.mpi.StatusMessage.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * The status messages of the ranks, over a separate communicator, and the last known state of each rank. One receive
 * is always posted. Each kind of message has one buffer per peer; a message is not sent to a peer that has not
 * received the last one of its kind.
 */
final class StatusChannel {
    private static final int NOBODY = -1;

    private final MpiWorld world;
    private final long communicator;
    private final Requests requests;
    private final MemorySegment inbox;
    /** One buffer per request. No buffer is freed, because MPI may still read it. */
    private final MemorySegment[] outbox;

    /** Per rank the time of its last sign of life, in nanoseconds. */
    private final long[] signs;
    /** Per rank the rank that it waits for, or {@link #NOBODY}. */
    private final int[] waitsFor;

    private final boolean[] left;
    /** Per rank that has left, the number of messages that it had sent to this rank and received from it. */
    private final long[] sentByLeft;

    private final long[] receivedByLeft;
    /** Ranks that have sent a failure, and so know of it. */
    private final boolean[] failed;

    /** Returns the number of entries in {@link Requests} that a group of this size needs, from entry 0 on. */
    static int places(int size) {
        return 1 + Kind.COUNT * size;
    }

    StatusChannel(MpiWorld world, long communicator, Requests requests) {
        this.world = world;
        this.communicator = communicator;
        this.requests = requests;
        int size = world.size();
        Arena memory = world.host().memory();
        this.inbox = memory.allocate(StatusMessage.BYTES, Long.BYTES);
        this.outbox = new MemorySegment[Kind.COUNT * size];
        Arrays.setAll(outbox, _ -> memory.allocate(StatusMessage.BYTES, Long.BYTES));
        this.signs = new long[size];
        Arrays.fill(signs, world.host().nanoTime());
        this.waitsFor = new int[size];
        Arrays.fill(waitsFor, NOBODY);
        this.left = new boolean[size];
        this.sentByLeft = new long[size];
        this.receivedByLeft = new long[size];
        this.failed = new boolean[size];
        listen();
    }

    private void listen() {
        world.mpi().receiveFromAny(inbox, communicator, requests.at(0));
    }

    private static int place(Kind kind, int size, int peer) {
        return 1 + kind.code() * size + peer;
    }

    boolean isUnderWay(Kind kind, int peer) {
        return !requests.isFree(place(kind, world.size(), peer));
    }

    /**
     * Starts to send a message, unless the last message of this kind to this rank is still in flight.
     *
     * @param matched whether the message counts as in flight until the receiver has begun to receive it
     */
    void send(StatusMessage message, int peer, boolean matched) {
        int place = place(message.kind(), world.size(), peer);
        if (!requests.isFree(place)) {
            return;
        }
        MemorySegment buffer = outbox[place - 1];
        message.write(buffer);
        if (matched) {
            world.mpi().sendMatched(buffer, peer, 0, communicator, requests.at(place));
        } else {
            world.mpi().send(buffer, peer, 0, communicator, requests.at(place));
        }
    }

    /** Starts to send a message to all ranks that have not left. */
    void sendToAll(StatusMessage message) {
        for (int peer = 0; peer < world.size(); peer++) {
            if (peer != world.rank() && !left[peer]) {
                send(message, peer, false);
            }
        }
    }

    /**
     * Starts to send a failure.
     *
     * @param message message of the failure
     * @param matched as in {@link #send}
     * @param present ranks that can receive it
     * @return the ranks that the failure is sent to
     */
    boolean[] tell(StatusMessage message, boolean matched, IntPredicate present) {
        boolean[] addressed = new boolean[world.size()];
        for (int peer = 0; peer < addressed.length; peer++) {
            if (peer != world.rank() && present.test(peer)) {
                addressed[peer] = !left[peer];
                send(message, peer, matched && addressed[peer]);
            }
        }
        return addressed;
    }

    /** {@return whether these ranks know of a failure} */
    boolean isTold(boolean[] addressed) {
        for (int peer = 0; peer < addressed.length; peer++) {
            if (addressed[peer] && !failed[peer] && isUnderWay(Kind.FAILURE, peer)) {
                return false;
            }
        }
        return true;
    }

    /** Completes the posted receive, because MPI must end without pending requests. */
    void completeReceive() {
        send(new StatusMessage(Kind.LEFT, world.rank()), world.rank(), false);
    }

    /** Reads a received message and posts the next receive; {@return the message} */
    StatusMessage take() {
        StatusMessage message = StatusMessage.read(inbox);
        int sender = Math.clamp(message.sender(), 0, world.size() - 1);
        switch (message.kind()) {
            case ALIVE -> {
                signs[sender] = world.host().nanoTime();
                waitsFor[sender] = NOBODY;
            }
            case WAITING -> waitsFor[sender] = (int) message.first();
            case LEFT -> {
                left[sender] = true;
                sentByLeft[sender] = message.first();
                receivedByLeft[sender] = message.second();
            }
            case FAILURE -> failed[sender] = true;
        }
        if (sender != world.rank()) {
            listen();
        }
        return message;
    }

    /** Notes that a message of an exchange has been received, which supersedes the sender's last status. */
    void received(int peer) {
        waitsFor[peer] = NOBODY;
    }

    long lastSign(int peer) {
        return signs[peer];
    }

    /** {@return the rank that this one waits for, negative for none} */
    int waitsFor(int peer) {
        return waitsFor[peer];
    }

    boolean hasLeft(int peer) {
        return left[peer];
    }

    /** {@return whether a rank that has left did so before it sent this message} */
    boolean neverSends(int peer, long message) {
        return left[peer] && message > sentByLeft[peer];
    }

    /** {@return whether a rank that has left did so before it received this message} */
    boolean neverReceives(int peer, long message) {
        return left[peer] && message > receivedByLeft[peer];
    }
}
