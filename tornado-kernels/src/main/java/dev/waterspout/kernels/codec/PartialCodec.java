package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/**
 * Packs partials into a wire format and unpacks them. Partials are f32, row-major, little-endian, of any alignment, one
 * row per token. Rows are independent: a range of rows can be encoded or decoded by itself, at {@code row x rowBytes}.
 *
 * <p>A codec has no state: any number of threads may share one. Segments may lie on or off the heap; they must not
 * overlap, and may be longer than needed, in which case the rest is left alone.
 *
 * <p>All implementations of a format write the same bytes and decode to the same bits, except the payload of NaNs that
 * a sum meets or makes, which Java does not define.
 */
public sealed interface PartialCodec permits ScalarMxCodec, VectorMxCodec, PlainCodec {

    /** {@return the wire format} */
    WireFormat format();

    /**
     * Packs a partial.
     *
     * @param source f32, rows x columns
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @param target receives {@code format().encodedBytes(rows, columns)} bytes
     * @throws IllegalArgumentException if a segment is too small or a size out of range
     */
    void encode(MemorySegment source, int rows, int columns, MemorySegment target);

    /**
     * Unpacks a partial.
     *
     * @param packed {@code format().encodedBytes(rows, columns)} bytes
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @param target receives f32, rows x columns
     * @throws IllegalArgumentException if a segment is too small or a size out of range
     */
    void decode(MemorySegment packed, int rows, int columns, MemorySegment target);

    /**
     * The fused kernel: {@code residual <- ((dequantize(shard 0) + dequantize(shard 1)) + ...) + residual}, in f32, in
     * rank order and in one pass, so that every rank gets the same bits.
     *
     * @param shards the packed partials of all ranks, in rank order, at least one
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @param residual f32, rows x columns, read and written
     * @throws IllegalArgumentException if there is no shard, a segment is too small or a size out of range
     */
    void decodeSum(MemorySegment[] shards, int rows, int columns, MemorySegment residual);

    default void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        long bytes = format().rowBytes(columns);
        for (int row = 0; row < rows; row++) {
            encode(source.asSlice((long) row * stride * Float.BYTES), 1, columns, target.asSlice(row * bytes, bytes));
        }
    }

    default void decodeSum(MemorySegment[] shards, int rows, int columns, MemorySegment residual, int stride) {
        long bytes = format().rowBytes(columns);
        for (int row = 0; row < rows; row++) {
            MemorySegment[] bands = shards.clone();
            for (int i = 0; i < bands.length; i++) {
                bands[i] = shards[i].asSlice(row * bytes, bytes);
            }
            decodeSum(bands, 1, columns, residual.asSlice((long) row * stride * Float.BYTES));
        }
    }

    default void reduce(MemorySegment[] shards, int rows, int columns, MemorySegment target) {
        MemorySegment one = java.lang.foreign.Arena.ofAuto().allocate((long) rows * columns * Float.BYTES);
        MemorySegment sum = java.lang.foreign.Arena.ofAuto().allocate((long) rows * columns * Float.BYTES);
        decode(shards[0], rows, columns, sum);
        for (int i = 1; i < shards.length; i++) {
            decode(shards[i], rows, columns, one);
            for (int k = 0; k < rows * columns; k++) {
                sum.set(Layouts.F32, 4L * k, sum.get(Layouts.F32, 4L * k) + one.get(Layouts.F32, 4L * k));
            }
        }
        encode(sum, rows, columns, target);
    }

    /**
     * {@return the fast implementation}
     *
     * @param format the wire format
     */
    static PartialCodec of(WireFormat format) {
        return switch (format) {
            case MxFormat mx -> new VectorMxCodec(mx);
            case PlainFormat plain -> new PlainCodec(plain);
        };
    }

    /**
     * {@return the plain scalar implementation that defines what the others compute}
     *
     * @param format the wire format
     */
    static PartialCodec reference(WireFormat format) {
        return switch (format) {
            case MxFormat mx -> new ScalarMxCodec(mx);
            case PlainFormat plain -> new PlainCodec(plain);
        };
    }
}
