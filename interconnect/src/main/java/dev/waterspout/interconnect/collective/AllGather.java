package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Every rank sends its whole encoded partial to every other, and each decodes, sums and adds the residual in one pass
 * (arXiv 2411.09510, section 3). Each rank sends {@code (N - 1) x (header + encoded partial)} bytes. A single rank
 * exchanges nothing and encodes nothing.
 */
public final class AllGather implements Collective {
    private final FrameExchange exchange;
    private final PartialCodec codec;
    private final WorkerPool pool;
    private final ExchangeCounters counters;
    private final int columns;
    private final int maxRows;
    private final int rank;
    /** One frame per rank, each large enough for {@link #maxRows}; this rank's own is the one it sends. */
    private final MemorySegment[] buffers;

    /**
     * @param exchange this rank's frames
     * @param format what partials travel as
     * @param pool this rank's workers, for encoding and summing
     * @param counters where bytes and times are counted
     * @param maxRows most tokens in one exchange
     * @param columns elements of a partial's row, the model's width
     * @param arena owner of the frame buffers
     */
    public AllGather(
            FrameExchange exchange,
            WireFormat format,
            WorkerPool pool,
            ExchangeCounters counters,
            int maxRows,
            int columns,
            Arena arena) {
        if (maxRows < 1 || columns < 1) {
            throw new IllegalArgumentException(
                    "exchanges of at most " + maxRows + " rows of " + columns + " columns; both must be at least 1");
        }
        this.exchange = exchange;
        this.rank = exchange.transport().rank();
        int size = exchange.transport().size();
        this.codec = PartialCodec.of(size == 1 ? PlainFormat.F32 : format);
        this.pool = pool;
        this.counters = counters;
        this.columns = columns;
        this.maxRows = maxRows;
        this.buffers = new MemorySegment[size];
        long bytes = FrameLayout.HEADER_BYTES + codec.format().encodedBytes(maxRows, columns);
        for (int peer = 0; peer < size && size > 1; peer++) {
            buffers[peer] = arena.allocate(bytes, 64);
        }
    }

    @Override
    public void sumInto(int layer, MemorySegment partial, int rows, MemorySegment residual) {
        if (layer < 0) {
            throw new IllegalArgumentException("exchange number " + layer + "; it must be at least 0");
        }
        if (rows < 1 || rows > maxRows) {
            throw new IllegalArgumentException(rows + " rows in an exchange; allowed are 1 to " + maxRows);
        }
        requireRows("partial", partial, rows);
        requireRows("residual", residual, rows);
        if (buffers.length == 1) {
            sum(new MemorySegment[] {partial}, rows, residual);
            return;
        }
        long start = System.nanoTime();
        WireFormat format = codec.format();
        long payloadBytes = format.encodedBytes(rows, columns);
        MemorySegment[] frames = new MemorySegment[buffers.length];
        MemorySegment[] payloads = new MemorySegment[buffers.length];
        for (int peer = 0; peer < frames.length; peer++) {
            frames[peer] = buffers[peer].asSlice(0, FrameLayout.HEADER_BYTES + payloadBytes);
            payloads[peer] = FrameLayout.payload(frames[peer]);
        }
        encode(partial, rows, payloads[rank]);
        long encoded = System.nanoTime();
        FrameHeader header = exchange.header(layer, format.id(), rows, columns, payloadBytes);
        exchange.allGather(frames[rank], header, frames);
        long received = System.nanoTime();
        sum(payloads, rows, residual);
        int peers = frames.length - 1;
        long bytes = peers * frames[rank].byteSize();
        counters.add(new ExchangeCounters.Snapshot(
                encoded - start,
                received - encoded,
                System.nanoTime() - received,
                new ExchangeCounters.Traffic(bytes, bytes, peers),
                ExchangeCounters.Traffic.ZERO));
    }

    private void requireRows(String name, MemorySegment segment, int rows) {
        long needed = PlainFormat.F32.encodedBytes(rows, columns);
        if (segment.byteSize() < needed) {
            throw new IllegalArgumentException(name + " of " + segment.byteSize() + " bytes for " + rows + " rows of "
                    + columns + " columns; it must have at least " + needed);
        }
    }

    private void encode(MemorySegment partial, int rows, MemorySegment payload) {
        WireFormat format = codec.format();
        pool.run(
                rows,
                1,
                (worker, from, to) -> codec.encode(
                        band(partial, from, to, PlainFormat.F32), to - from, columns, band(payload, from, to, format)));
    }

    /** residual [rows][columns] += payload of rank 0 + ... + payload of rank N-1, each f32 sum in rank order. */
    private void sum(MemorySegment[] payloads, int rows, MemorySegment residual) {
        WireFormat format = codec.format();
        pool.run(rows, 1, (worker, from, to) -> {
            MemorySegment[] bands = new MemorySegment[payloads.length];
            for (int peer = 0; peer < bands.length; peer++) {
                bands[peer] = band(payloads[peer], from, to, format);
            }
            codec.decodeSum(bands, to - from, columns, band(residual, from, to, PlainFormat.F32));
        });
    }

    private MemorySegment band(MemorySegment rows, int from, int to, WireFormat format) {
        return rows.asSlice(format.encodedBytes(from, columns), format.encodedBytes(to - from, columns));
    }
}
