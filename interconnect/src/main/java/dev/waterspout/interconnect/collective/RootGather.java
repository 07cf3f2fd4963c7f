package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.FrameExchange.Flight;
import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.kernels.codec.PlainFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Gathers 32-bit words of the output head on rank 0. Every other rank sends one frame of
 * {@code header + rows x its columns x 4} bytes. All ranks know the shape of every frame beforehand. Frame buffers
 * grow to the largest frame that is sent.
 */
public final class RootGather {
    /** The rank that receives. */
    public static final int ROOT = 0;

    private final FrameExchange exchange;
    private final ExchangeCounters counters;
    private final Arena arena;
    private final int rank;
    private final int size;
    /** On the root one frame per other rank, elsewhere this rank's frame. */
    private final MemorySegment[] buffers;

    /**
     * @param exchange this rank's frames
     * @param counters counters of bytes and times
     * @param arena owner of the frame buffers
     */
    public RootGather(FrameExchange exchange, ExchangeCounters counters, Arena arena) {
        this.exchange = exchange;
        this.counters = counters;
        this.arena = arena;
        this.rank = exchange.transport().rank();
        this.size = exchange.transport().size();
        this.buffers = new MemorySegment[size];
        Arrays.fill(buffers, MemorySegment.NULL);
    }

    /** Returns this rank's number. */
    public int rank() {
        return rank;
    }

    /** Returns the number of ranks in the group. */
    public int size() {
        return size;
    }

    /**
     * Returns the payload for the next {@link #send}. Called on every rank but the root.
     *
     * @param rows rows of the payload
     * @param columns words in a row
     * @return {@code rows x columns x 4} bytes, to be filled
     */
    public MemorySegment payload(int rows, int columns) {
        return packet(rank, rows, columns).payload();
    }

    /**
     * Sends the payload to the root. Called on every rank but the root.
     *
     * @param rows rows of the payload
     * @param columns words in a row
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails or is late
     */
    public void send(int rows, int columns) {
        Packet[] outgoing = none();
        outgoing[ROOT] = packet(rank, rows, columns);
        exchange(outgoing, none());
    }

    /**
     * Receives the payloads of all other ranks. Called on the root.
     *
     * @param rows rows of every payload
     * @param columns words in a row, per rank
     * @return the payloads by rank, empty for the root. They are valid until the next gather.
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails, exceeds the time limit or sends an
     *     unexpected frame
     */
    public MemorySegment[] receive(int rows, int... columns) {
        Packet[] incoming = none();
        MemorySegment[] payloads = new MemorySegment[size];
        Arrays.fill(payloads, MemorySegment.NULL);
        for (int peer = 0; peer < size; peer++) {
            if (peer != ROOT) {
                incoming[peer] = packet(peer, rows, columns[peer]);
                payloads[peer] = incoming[peer].payload();
            }
        }
        if (size > 1) {
            exchange(none(), incoming);
        }
        return payloads;
    }

    private void exchange(Packet[] outgoing, Packet[] incoming) {
        Stopwatch watch = new Stopwatch(counters, CollectiveKind.LOGITS);
        Flight flight = exchange.start(FrameHeader.LOGITS, PlainFormat.F32.id(), outgoing, incoming);
        flight.await();
        watch.transferred(flight.traffic());
    }

    private Packet[] none() {
        Packet[] none = new Packet[size];
        Arrays.fill(none, Packet.NONE);
        return none;
    }

    private Packet packet(int peer, int rows, int columns) {
        long bytes = FrameLayout.HEADER_BYTES + (long) rows * columns * Integer.BYTES;
        if (buffers[peer].byteSize() < bytes) {
            // At least doubled, so that the abandoned memory never exceeds the memory in use.
            buffers[peer] = arena.allocate(Math.max(bytes, 2 * buffers[peer].byteSize()), 64);
        }
        return new Packet(buffers[peer].asSlice(0, bytes), rows, columns);
    }
}
