package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.PlainFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Brings the logits of every rank's vocabulary rows to rank 0, as f32: they decide the token, and there are few of them.
 * Every rank but 0 sends one frame of {@code header + rows x its vocabulary x 4} bytes.
 */
public final class LogitsGather {
    /** The rank that has all logits afterwards. */
    public static final int ROOT = 0;

    private final FrameExchange exchange;
    private final ExchangeCounters counters;
    private final int[] shares;
    private final int vocabulary;
    private final int maxRows;
    /** Frames for {@link #maxRows} rows: on the root one per rank, elsewhere this rank's alone. */
    private final MemorySegment[] buffers;

    /**
     * @param exchange this rank's frames
     * @param counters where bytes and times are counted
     * @param shares vocabulary rows of every rank, in rank order
     * @param maxRows most tokens in one gather
     * @param arena owner of the frame buffers
     */
    public LogitsGather(FrameExchange exchange, ExchangeCounters counters, int[] shares, int maxRows, Arena arena) {
        this.exchange = exchange;
        this.counters = counters;
        this.shares = shares.clone();
        this.vocabulary = Arrays.stream(shares).sum();
        this.maxRows = maxRows;
        this.buffers = new MemorySegment[shares.length];
        Arrays.fill(buffers, MemorySegment.NULL);
        int rank = exchange.transport().rank();
        for (int peer = 0; peer < shares.length && shares.length > 1; peer++) {
            if (rank == ROOT || peer == rank) {
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
     * @throws dev.waterspout.interconnect.InterconnectException if a rank fails, is late or sends another frame than expected
     */
    public void gather(MemorySegment local, int rows, MemorySegment logits) {
        if (rows < 1 || rows > maxRows) {
            throw new IllegalArgumentException(rows + " rows of logits; allowed are 1 to " + maxRows);
        }
        Transport transport = exchange.transport();
        int rank = transport.rank();
        MemorySegment[] frames = new MemorySegment[transport.size()];
        if (frames.length > 1) {
            long start = System.nanoTime();
            for (int peer = 0; peer < frames.length; peer++) {
                boolean used = rank == ROOT || peer == rank;
                frames[peer] = used ? buffers[peer].asSlice(0, frameBytes(peer, rows)) : MemorySegment.NULL;
            }
            MemorySegment payload = FrameLayout.payload(frames[rank]);
            payload.copyFrom(local.asSlice(0, payload.byteSize()));
            FrameHeader header =
                    exchange.header(FrameHeader.LOGITS, PlainFormat.F32.id(), rows, shares[rank], payload.byteSize());
            exchange.gather(ROOT, frames[rank], header, frames, shares);
            count(rank, frames, System.nanoTime() - start);
        }
        if (rank == ROOT) {
            place(local, frames, rows, logits);
        }
    }

    private void place(MemorySegment local, MemorySegment[] frames, int rows, MemorySegment logits) {
        long first = 0;
        for (int peer = 0; peer < shares.length; peer++) {
            MemorySegment source = peer == ROOT ? local : FrameLayout.payload(frames[peer]);
            long width = (long) shares[peer] * Float.BYTES;
            for (int row = 0; row < rows; row++) {
                MemorySegment.copy(source, row * width, logits, ((long) row * vocabulary + first) * Float.BYTES, width);
            }
            first += shares[peer];
        }
    }

    private long frameBytes(int rank, int rows) {
        return FrameLayout.HEADER_BYTES + (long) rows * shares[rank] * Float.BYTES;
    }

    private void count(int rank, MemorySegment[] frames, long nanos) {
        long sent = 0;
        long received = 0;
        if (rank == ROOT) {
            for (int peer = 0; peer < frames.length; peer++) {
                received += peer == ROOT ? 0 : frames[peer].byteSize();
            }
        } else {
            sent = frames[rank].byteSize();
        }
        ExchangeCounters.Traffic traffic = new ExchangeCounters.Traffic(sent, received, rank == ROOT ? 0 : 1);
        counters.add(new ExchangeCounters.Snapshot(0, nanos, 0, ExchangeCounters.Traffic.ZERO, traffic));
    }
}
