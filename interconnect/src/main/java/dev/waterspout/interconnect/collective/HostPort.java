package dev.waterspout.interconnect.collective;

import dev.waterspout.kernels.codec.PartialCodec;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.RangeCheck;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.parallel.WorkerPool;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A port over partial and residual in this process's memory, encoded and summed by a rank's workers. */
public final class HostPort implements StagedPort {
    private static final PartialCodec EXACT = PartialCodec.of(PlainFormat.F32);

    private final PartialCodec codec;
    private final WorkerPool pool;
    private final int columns;
    private final MemorySegment partial;
    private final MemorySegment residual;

    /**
     * @param format the wire format of partials
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
    public WireFormat format() {
        return codec.format();
    }

    @Override
    public void encode(Tile tile, MemorySegment payload) {
        requireRows("partial", partial, tile.row() + tile.rows());
        requireRows("residual", residual, tile.row() + tile.rows());
        overRows(
                codec.format(),
                tile,
                (from, to) -> codec.encode(
                        floats(partial, tile, from, to),
                        to - from,
                        tile.columns(),
                        columns,
                        band(payload, from, to, tile, codec.format())));
    }

    @Override
    public long saturated(Tile tile, MemorySegment payload) {
        MemorySegment values = floats(partial, tile, 0, tile.rows());
        return RangeCheck.countBeyond(codec.format(), payload, tile.rows(), tile.columns(), values, columns);
    }

    @Override
    public void decodeSum(MemorySegment[] payloads, Tile tile) {
        sum(codec, payloads, tile);
    }

    @Override
    public void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload) {
        WireFormat format = codec.format();
        overRows(
                format,
                tile,
                (from, to) -> codec.reduce(
                        bands(payloads, from, to, tile, format),
                        to - from,
                        tile.columns(),
                        band(payload, from, to, tile, format)));
    }

    @Override
    public void addOwn(int rows) {
        requireRows("partial", partial, rows);
        requireRows("residual", residual, rows);
        sum(EXACT, new MemorySegment[] {partial}, new Tile(0, rows, 0, columns));
    }

    private void sum(PartialCodec decoder, MemorySegment[] payloads, Tile tile) {
        WireFormat format = decoder.format();
        overRows(
                format,
                tile,
                (from, to) -> decoder.decodeSum(
                        bands(payloads, from, to, tile, format),
                        to - from,
                        tile.columns(),
                        floats(residual, tile, from, to),
                        columns));
    }

    /** Some rows of a tile, numbered from the tile's first row. */
    @FunctionalInterface
    private interface RowTask {
        void run(int from, int to);
    }

    private void overRows(WireFormat format, Tile tile, RowTask task) {
        if (format.rowsIndependent()) {
            pool.run(tile.rows(), 1, (worker, from, to) -> task.run(from, to));
        } else {
            task.run(0, tile.rows());
        }
    }

    /** {@return the memory of some rows of a tile, from their first to their last element} */
    private MemorySegment floats(MemorySegment whole, Tile tile, int from, int to) {
        long first = (long) (tile.row() + from) * columns + tile.column();
        long count = (long) (to - from - 1) * columns + tile.columns();
        return whole.asSlice(first * Float.BYTES, count * Float.BYTES);
    }

    private static MemorySegment[] bands(MemorySegment[] payloads, int from, int to, Tile tile, WireFormat format) {
        return Arrays.stream(payloads)
                .map(payload -> band(payload, from, to, tile, format))
                .toArray(MemorySegment[]::new);
    }

    private static MemorySegment band(MemorySegment payload, int from, int to, Tile tile, WireFormat format) {
        if (from == 0 && to == tile.rows()) {
            return payload;
        }
        long rowBytes = format.rowBytes(tile.columns());
        return payload.asSlice(from * rowBytes, (to - from) * rowBytes);
    }

    private void requireRows(String name, MemorySegment segment, int rows) {
        long needed = PlainFormat.F32.encodedBytes(rows, columns);
        if (segment.byteSize() < needed) {
            throw new IllegalArgumentException(name + " of " + segment.byteSize() + " bytes for " + rows + " rows of "
                    + columns + " columns; it must have at least " + needed);
        }
    }
}
