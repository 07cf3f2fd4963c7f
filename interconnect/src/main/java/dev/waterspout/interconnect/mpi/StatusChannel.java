package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.mpi.StatusMessage.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * The status messages of the ranks, over a communicator of their own, and the last known state of each rank. One
 * receive is always posted; each kind of message has one place per peer to be sent from, and is not sent to a peer that
 * has not taken the last one of its kind.
 */
final class StatusChannel {
    private static final int NOBODY = -1;

    private final MpiWorld world;
    private final long communicator;
    private final Requests requests;
    private final MemorySegment inbox;
    /** Per place a buffer; none is ever freed, since MPI may still read it. */
    private final MemorySegment[] outbox;

    /** Per rank when it last said that it was alive, in nanoseconds. */
    private final long[] signs;
    /** Per rank the rank that it waits for, or {@link #NOBODY}. */
    private final int[] waitsFor;

    private final boolean[] left;
    /** Per rank that has left: how many messages it had sent to this one, and received from it. */
    private final long[] sentByLeft;

    private final long[] receivedByLeft;
    /** Ranks that have told of a failure, and so know of it. */
    private final boolean[] failed;

    /** How many places a group of this size needs in {@link Requests}, from place 0 on. */
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
     * Starts to send, unless the last message of this kind to this rank is still under way.
     *
     * @param matched whether it counts as under way until the receiver takes it
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

    /** Starts to send to all that have not left. */
    void sendToAll(StatusMessage message) {
        for (int peer = 0; peer < world.size(); peer++) {
            if (peer != world.rank() && !left[peer]) {
                send(message, peer, false);
            }
        }
    }

    /**
     * Starts to tell of a failure.
     *
     * @param message message of the failure
     * @param matched as in {@link #send}
     * @param present ranks that can be told
     * @return the ranks that should take note
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

    /** {@return whether these ranks have taken note of a failure} */
    boolean isTold(boolean[] addressed) {
        for (int peer = 0; peer < addressed.length; peer++) {
            if (addressed[peer] && !failed[peer] && isUnderWay(Kind.FAILURE, peer)) {
                return false;
            }
        }
        return true;
    }

    /** Completes the posted receive, which MPI must not have when it ends. */
    void completeReceive() {
        send(new StatusMessage(Kind.LEFT, world.rank()), world.rank(), false);
    }

    /** Takes the message that has come, and listens on; {@return the message} */
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

    /** A message of an exchange has come: what its sender said before no longer holds. */
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
