package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.transport.Transport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The doorbells of a group's ranks. One has a bell if its machine has more ranks than cores; whoever is on the same machine
 * rings it, after each message to it.
 */
final class Bells {
    /** Longer than the system's tick: setting a timer that is due before costs more than a small message, in a virtual machine. */
    private static final long LONGEST_SLEEP_NANOS = 10_000_000;

    /**
     * How often to look for messages that have been sent, before other ways to wait: Open MPI reads its sockets at every look or
     * at every eighth.
     */
    private static final int LOOKS = 20;

    /** What a socket takes at once. Of more, MPI may call sent what it has yet to write, for which it needs this rank awake. */
    private static final long SMALL_BYTES = 16 << 10;

    private static final long CALM_NANOS = 50_000_000;

    private final Tally tally;
    /** This rank's, if it has one. */
    private final @Nullable Doorbell own;
    /** Per rank the bell to ring, if there is one. */
    private final @Nullable Doorbell[] others;
    /** Which ranks ring this one's bell. */
    private final boolean[] ringing;
    /** Per rank how many messages came before it began to ring. */
    private final long[] before;
    /** When this rank last sent a large message. */
    private long lastLarge = System.nanoTime();
    /** Looks since the last sleep. */
    private int looks;

    private Bells(Tally tally, @Nullable Doorbell own, @Nullable Doorbell[] others, boolean[] ringing) {
        this.tally = tally;
        this.own = own;
        this.others = others;
        this.ringing = ringing;
        this.before = new long[others.length];
        Arrays.setAll(before, tally::receivesStarted);
    }

    /** Rings nobody. */
    static Bells none(int size) {
        return new Bells(new Tally(size), null, new Doorbell[size], new boolean[size]);
    }

    /**
     * Makes and finds the bells of a group; called on all ranks, before anything else is exchanged.
     *
     * @param transport carries what ranks tell each other
     * @param peers where they are
     * @param tally of the transport's messages
     * @param wanted whether this rank wants to sleep
     */
    static Bells open(Transport transport, Peers peers, Tally tally, boolean wanted) {
        int rank = transport.rank();
        int size = transport.size();
        Semaphores semaphores = Semaphores.find();
        Doorbell own = wanted && semaphores != null ? Doorbell.create(semaphores) : null;
        byte[][] made = share(transport, new byte[] {(byte) (own == null ? 0 : 1)});
        if (Arrays.stream(made).noneMatch(flag -> flag[0] == 1)) {
            return none(size);
        }
        Doorbell[] others = new Doorbell[size];
        byte[] found = new byte[size];
        for (int peer = 0; peer < size; peer++) {
            if (semaphores != null && made[peer][0] == 1 && peers.sharesMachine(peer)) {
                others[peer] = Doorbell.of(semaphores, peers.processId(peer));
                found[peer] = (byte) (others[peer] == null ? 0 : 1);
            }
        }
        byte[][] all = share(transport, found);
        Doorbell.hide();
        boolean[] ringing = new boolean[size];
        IntStream.range(0, size).forEach(peer -> ringing[peer] = peer != rank && all[peer][rank] == 1);
        return new Bells(tally, own, others, ringing);
    }

    /** {@return what each rank gives} */
    private static byte[][] share(Transport transport, byte[] own) {
        Arena arena = Arena.ofAuto();
        MemorySegment[] all = new MemorySegment[transport.size()];
        Arrays.setAll(all, peer -> arena.allocate(own.length));
        all[transport.rank()].copyFrom(MemorySegment.ofArray(own));
        MemorySegment[] incoming = all.clone();
        transport.allGather(all[transport.rank()], incoming);
        return Arrays.stream(all)
                .map(segment -> segment.toArray(ValueLayout.JAVA_BYTE))
                .toArray(byte[][]::new);
    }

    /** Tells a rank that a message of so many bytes has been sent to it. */
    void ring(int peer, long bytes) {
        if (bytes > SMALL_BYTES) {
            lastLarge = System.nanoTime();
        }
        Doorbell bell = others[peer];
        if (bell != null) {
            bell.ring();
        }
    }

    /**
     * Sleeps until all messages of an exchange have been sent to this rank, or returns for another look at those that have been
     * sent. Does neither where MPI needs this rank to send, or where a rank that does not ring is waited for.
     *
     * @param exchange the first under way
     * @return false if there is another way to wait
     */
    boolean await(MpiExchange exchange) {
        Doorbell bell = own;
        if (bell == null || !tally.allSent() || System.nanoTime() - lastLarge < CALM_NANOS) {
            return false;
        }
        long wanted = 0;
        for (int peer = 0; peer < ringing.length; peer++) {
            if (ringing[peer]) {
                wanted += Math.max(tally.receives(peer), exchange.awaited(peer)) - before[peer];
            } else if (exchange.lacks(peer)) {
                return false;
            }
        }
        looks = bell.sleep(wanted, LONGEST_SLEEP_NANOS) ? 0 : looks + 1;
        return looks <= LOOKS;
    }
}
