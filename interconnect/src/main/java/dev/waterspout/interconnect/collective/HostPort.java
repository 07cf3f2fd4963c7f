package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.MemorySegment;

/** Partial and residual in this process's memory, encoded and summed by a rank's workers. */
public final class HostPort implements PartialPort {
    private static final PartialCodec EXACT = PartialCodec.of(PlainFormat.F32);

    private final PartialCodec codec;
    private final WorkerPool pool;
    private final int columns;
    private final MemorySegment partial;
    private final MemorySegment residual;

    /**
     * @param format what partials travel as
     * @param pool the rank's workers
     * @param columns elements of a row
     * @param partial f32 {@code [rows][columns]}
     * @param residual f32 {@code [rows][columns]}
     */
    public HostPort(WireFormat format, WorkerPool pool, int columns, MemorySegment partial, MemorySegment residual) {
        this.codec = PartialCodec.of(format);
        this.pool = pool;
        this.columns = columns;
        this.partial = partial;
        this.residual = residual;
    }

    @Override
    public void encode(int rows, MemorySegment payload) {
        requireRows("partial", partial, rows);
        requireRows("residual", residual, rows);
        WireFormat format = codec.format();
        pool.run(
                rows,
                1,
                (worker, from, to) -> codec.encode(
                        band(partial, from, to, PlainFormat.F32), to - from, columns, band(payload, from, to, format)));
    }

    @Override
    public void decodeSum(MemorySegment[] payloads, int rows) {
        sum(codec, payloads, rows);
    }

    @Override
    public void addOwn(int rows) {
        requireRows("partial", partial, rows);
        requireRows("residual", residual, rows);
        sum(EXACT, new MemorySegment[] {partial}, rows);
    }

    private void sum(PartialCodec decoder, MemorySegment[] payloads, int rows) {
        WireFormat format = decoder.format();
        pool.run(rows, 1, (worker, from, to) -> {
            MemorySegment[] bands = new MemorySegment[payloads.length];
            for (int peer = 0; peer < bands.length; peer++) {
                bands[peer] = band(payloads[peer], from, to, format);
            }
            decoder.decodeSum(bands, to - from, columns, band(residual, from, to, PlainFormat.F32));
        });
    }

    private MemorySegment band(MemorySegment rows, int from, int to, WireFormat format) {
        return rows.asSlice(format.encodedBytes(from, columns), format.encodedBytes(to - from, columns));
    }

    private void requireRows(String name, MemorySegment segment, int rows) {
        long needed = PlainFormat.F32.encodedBytes(rows, columns);
        if (segment.byteSize() < needed) {
            throw new IllegalArgumentException(name + " of " + segment.byteSize() + " bytes for " + rows + " rows of "
                    + columns + " columns; it must have at least " + needed);
        }
    }
}
