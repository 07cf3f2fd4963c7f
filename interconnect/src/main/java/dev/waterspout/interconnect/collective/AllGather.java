package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.frame.FrameHeader;
import dev.waterspout.interconnect.frame.FrameLayout;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Every rank sends its whole encoded partial to every other, and each decodes, sums and adds the residual in one pass
 * (arXiv 2411.09510, section 3). Each rank sends {@code (N - 1) x (header + encoded partial)} bytes. A single rank
 * exchanges nothing and encodes nothing.
 */
public final class AllGather implements Collective {
    private final FrameExchange exchange;
    private final WireFormat format;
    private final ExchangeCounters counters;
    private final int columns;
    private final int maxRows;
    private final int rank;
    /** One frame per rank, each large enough for {@link #maxRows}; this rank's own is the one it sends. */
    private final MemorySegment[] buffers;

    /**
     * @param exchange this rank's frames
     * @param format what partials travel as
     * @param counters where bytes and times are counted
     * @param maxRows most tokens in one exchange
     * @param columns elements of a partial's row, the model's width
     * @param arena owner of the frame buffers
     */
    public AllGather(
            FrameExchange exchange,
            WireFormat format,
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
        this.format = format;
        this.counters = counters;
        this.columns = columns;
        this.maxRows = maxRows;
        this.buffers = new MemorySegment[size];
        long bytes = FrameLayout.HEADER_BYTES + format.encodedBytes(maxRows, columns);
        for (int peer = 0; peer < size && size > 1; peer++) {
            buffers[peer] = arena.allocate(bytes, 64);
        }
    }

    @Override
    public void sum(int layer, PartialPort port, int rows) {
        if (layer < 0) {
            throw new IllegalArgumentException("exchange number " + layer + "; it must be at least 0");
        }
        if (rows < 1 || rows > maxRows) {
            throw new IllegalArgumentException(rows + " rows in an exchange; allowed are 1 to " + maxRows);
        }
        if (buffers.length == 1) {
            long start = System.nanoTime();
            port.addOwn(rows);
            count(0, 0, System.nanoTime() - start, 0);
            return;
        }
        long start = System.nanoTime();
        long payloadBytes = format.encodedBytes(rows, columns);
        MemorySegment[] frames = new MemorySegment[buffers.length];
        MemorySegment[] payloads = new MemorySegment[buffers.length];
        for (int peer = 0; peer < frames.length; peer++) {
            frames[peer] = buffers[peer].asSlice(0, FrameLayout.HEADER_BYTES + payloadBytes);
            payloads[peer] = FrameLayout.payload(frames[peer]);
        }
        port.encode(rows, payloads[rank]);
        long encoded = System.nanoTime();
        FrameHeader header = exchange.header(layer, format.id(), rows, columns, payloadBytes);
        exchange.allGather(frames[rank], header, frames);
        long received = System.nanoTime();
        port.decodeSum(payloads, rows);
        count(encoded - start, received - encoded, System.nanoTime() - received, frames[rank].byteSize());
    }

    private void count(long quantizeNanos, long transferNanos, long sumNanos, long frameBytes) {
        int peers = buffers.length - 1;
        long bytes = peers * frameBytes;
        counters.add(new ExchangeCounters.Snapshot(
                quantizeNanos,
                transferNanos,
                sumNanos,
                new ExchangeCounters.Traffic(bytes, bytes, peers),
                ExchangeCounters.Traffic.ZERO));
    }
}
