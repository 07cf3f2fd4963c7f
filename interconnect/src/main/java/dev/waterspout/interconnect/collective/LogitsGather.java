package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.FrameExchange.Flight;
import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.kernels.codec.PlainFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Brings the logits of every rank's vocabulary rows to rank 0, as f32: they decide the token, and there are few of
 * them. Every rank but 0 sends one frame of {@code header + rows x its vocabulary x 4} bytes.
 */
public final class LogitsGather {
    /** The rank that has all logits afterwards. */
    public static final int ROOT = 0;

    private final FrameExchange exchange;
    private final ExchangeCounters counters;
    private final int[] shares;
    private final long vocabulary;
    private final int maxRows;
    private final int rank;
    /** Frames for {@link #maxRows} rows: on the root one per other rank, elsewhere this rank's alone. */
    private final MemorySegment[] buffers;

    /**
     * @param exchange this rank's frames
     * @param counters where bytes and times are counted
     * @param shares vocabulary rows of every rank, in rank order
     * @param maxRows most tokens in one gather
     * @param arena owner of the frame buffers
     */
    public LogitsGather(FrameExchange exchange, ExchangeCounters counters, int[] shares, int maxRows, Arena arena) {
        int size = exchange.transport().size();
        if (shares.length != size || Arrays.stream(shares).anyMatch(share -> share < 0)) {
            throw new IllegalArgumentException("vocabulary shares " + Arrays.toString(shares) + " for a group of "
                    + size + " ranks; each rank must have one, of at least 0 rows");
        }
        if (maxRows < 1) {
            throw new IllegalArgumentException("gathers of at most " + maxRows + " rows; it must be at least 1");
        }
        this.exchange = exchange;
        this.counters = counters;
        this.shares = shares.clone();
        this.vocabulary = Arrays.stream(shares).asLongStream().sum();
        this.maxRows = maxRows;
        this.rank = exchange.transport().rank();
        this.buffers = new MemorySegment[size];
        Arrays.fill(buffers, MemorySegment.NULL);
        for (int peer = 0; peer < size; peer++) {
            if (peer != ROOT && (rank == ROOT || rank == peer)) {
                buffers[peer] = arena.allocate(frameBytes(peer, maxRows), 64);
            }
        }
    }

    /**
     * Gathers.
     *
     * @param local this rank's logits, f32 {@code [rows][share]}
     * @param rows tokens
     * @param logits on rank 0 f32 {@code [rows][vocabulary]}, filled in rank order; not touched on other ranks
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails, is late or sends another frame than
     *     expected
     */
    public void gather(MemorySegment local, int rows, MemorySegment logits) {
        if (rows < 1 || rows > maxRows) {
            throw new IllegalArgumentException(rows + " rows of logits; allowed are 1 to " + maxRows);
        }
        requireRows("local logits", local, rows, shares[rank]);
        if (rank == ROOT) {
            requireRows("logits", logits, rows, vocabulary);
            place(local, shares.length == 1 ? none() : receive(rows), rows, logits);
        } else {
            send(local, rows);
        }
    }

    private void send(MemorySegment local, int rows) {
        Stopwatch watch = new Stopwatch(counters, CollectiveKind.LOGITS);
        Packet[] outgoing = none();
        outgoing[ROOT] = packet(rank, rows);
        MemorySegment payload = outgoing[ROOT].payload();
        payload.copyFrom(local.asSlice(0, payload.byteSize()));
        exchange(outgoing, none(), watch);
    }

    private Packet[] receive(int rows) {
        Packet[] incoming = none();
        for (int peer = 0; peer < incoming.length; peer++) {
            if (peer != ROOT) {
                incoming[peer] = packet(peer, rows);
            }
        }
        exchange(none(), incoming, new Stopwatch(counters, CollectiveKind.LOGITS));
        return incoming;
    }

    private void exchange(Packet[] outgoing, Packet[] incoming, Stopwatch watch) {
        Flight flight = exchange.start(FrameHeader.LOGITS, PlainFormat.F32.id(), outgoing, incoming);
        flight.await();
        watch.transferred(flight.traffic());
    }

    private Packet[] none() {
        Packet[] none = new Packet[shares.length];
        Arrays.fill(none, Packet.NONE);
        return none;
    }

    private Packet packet(int peer, int rows) {
        return new Packet(buffers[peer].asSlice(0, frameBytes(peer, rows)), rows, shares[peer]);
    }

    private void place(MemorySegment local, Packet[] frames, int rows, MemorySegment logits) {
        long first = 0;
        for (int peer = 0; peer < shares.length; peer++) {
            MemorySegment source = peer == ROOT ? local : frames[peer].payload();
            long width = (long) shares[peer] * Float.BYTES;
            for (int row = 0; row < rows; row++) {
                MemorySegment.copy(source, row * width, logits, (row * vocabulary + first) * Float.BYTES, width);
            }
            first += shares[peer];
        }
    }

    private long frameBytes(int peer, int rows) {
        return FrameLayout.HEADER_BYTES + (long) rows * shares[peer] * Float.BYTES;
    }

    private static void requireRows(String name, MemorySegment segment, int rows, long width) {
        long needed = rows * width * Float.BYTES;
        if (segment.byteSize() < needed) {
            throw new IllegalArgumentException(name + " of " + segment.byteSize() + " bytes for " + rows + " rows of "
                    + width + "; it must have at least " + needed);
        }
    }
}
