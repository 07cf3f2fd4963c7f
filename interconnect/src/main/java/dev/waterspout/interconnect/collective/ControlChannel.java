package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.FrameExchange.Flight;
import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.kernels.codec.PlainFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Control messages between ranks: small frames of 32-bit words. */
public final class ControlChannel {
    /** The rank that sends commands. */
    public static final int ROOT = 0;

    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED;

    private static final int[] NOTHING = new int[1];

    private final FrameExchange exchange;
    private final ExchangeCounters counters;

    /**
     * @param exchange this rank's frames
     * @param counters counters of bytes and times
     */
    public ControlChannel(FrameExchange exchange, ExchangeCounters counters) {
        this.exchange = exchange;
        this.counters = counters;
    }

    /**
     * Broadcasts words from the root. Called on the root.
     *
     * @param words the words that all others {@link #receive}
     */
    public void send(int[] words) {
        Packet[] outgoing = none();
        Arrays.fill(outgoing, packet(words));
        exchange(outgoing, none());
    }

    /**
     * Waits for words from the root. Called on every other rank.
     *
     * @param count number of words that the root sends
     */
    public int[] receive(int count) {
        Packet[] incoming = none();
        incoming[ROOT] = packet(new int[count]);
        exchange(none(), incoming);
        return words(incoming[ROOT]);
    }

    /**
     * All-gathers words. Called on all ranks.
     *
     * @param words this rank's, as many as every other's
     * @return every rank's words, in rank order
     */
    public int[][] share(int[] words) {
        int size = exchange.transport().size();
        int rank = exchange.transport().rank();
        Packet[] incoming = new Packet[size];
        Arrays.setAll(incoming, peer -> packet(words));
        Packet[] outgoing = new Packet[size];
        Arrays.fill(outgoing, incoming[rank]);
        exchange(outgoing, incoming);
        return Arrays.stream(incoming).map(ControlChannel::words).toArray(int[][]::new);
    }

    /** Returns once every rank has called it. Called on all ranks. */
    public void barrier() {
        share(NOTHING);
    }

    private void exchange(Packet[] outgoing, Packet[] incoming) {
        Stopwatch watch = new Stopwatch(counters, CollectiveKind.CONTROL);
        Flight flight = exchange.start(FrameHeader.CONTROL, PlainFormat.F32.id(), outgoing, incoming);
        flight.await();
        watch.transferred(flight.traffic());
    }

    private Packet[] none() {
        Packet[] none = new Packet[exchange.transport().size()];
        Arrays.fill(none, Packet.NONE);
        return none;
    }

    private static Packet packet(int[] words) {
        // Shared between threads: ranks in one process read each other's frames.
        MemorySegment frame =
                Arena.ofAuto().allocate(FrameLayout.HEADER_BYTES + (long) words.length * Integer.BYTES, 64);
        MemorySegment.copy(words, 0, frame, WORD, FrameLayout.HEADER_BYTES, words.length);
        return new Packet(frame, 1, words.length);
    }

    private static int[] words(Packet packet) {
        return packet.payload().toArray(WORD);
    }
}
