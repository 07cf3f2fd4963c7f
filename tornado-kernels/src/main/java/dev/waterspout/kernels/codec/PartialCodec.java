package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/**
 * Packs partials into a wire format and unpacks them. Partials are f32, row-major, little-endian, of any alignment, one
 * row per token. Where the format's {@linkplain WireFormat#rowsIndependent() rows are independent}, a range of rows can
 * be encoded or decoded by itself, at {@code row x rowBytes}; else a message is one whole.
 *
 * <p>A codec has no state: any number of threads may share one. Segments may be on or off the heap. They must not
 * overlap. They may be longer than needed; then the rest is not changed. The same holds for the elements between the
 * rows of a partial whose stride exceeds its columns, such as a tile of columns.
 *
 * <p>All implementations of a format write the same bytes and decode to the same bits, except the payload of NaNs that
 * a sum meets or makes, which Java does not define.
 */
public sealed interface PartialCodec permits ElementCodec, VectorMxCodec, PlainCodec, VectorIntegerCodec, TopKCodec {

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
    default void encode(MemorySegment source, int rows, int columns, MemorySegment target) {
        encode(source, rows, columns, columns, target);
    }

    /**
     * Packs a partial whose rows do not lie next to each other.
     *
     * @param source f32, rows x stride, of which the first {@code columns} of each row count; the last row may end
     *     there
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @param stride elements from the start of one row to that of the next, at least {@code columns}
     * @param target receives {@code format().encodedBytes(rows, columns)} bytes
     * @throws IllegalArgumentException if a segment is too small or a size out of range
     */
    void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target);

    /**
     * Unpacks a partial.
     *
     * @param packed {@code format().encodedBytes(rows, columns)} bytes
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @param target receives f32, rows x columns
     * @throws IllegalArgumentException if a segment is too small, a size out of range, or a TopK message names a column
     *     that there is not
     */
    void decode(MemorySegment packed, int rows, int columns, MemorySegment target);

    /**
     * The fused kernel: {@code residual <- ((dequantize(packet 0) + dequantize(packet 1)) + ...) + residual}, in f32,
     * in rank order and in one pass, so that every rank gets the same bits.
     *
     * @param packets the packed partials of all ranks, in rank order, at least one
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @param residual f32, rows x columns, read and written
     * @throws IllegalArgumentException as {@link #decode}, and if there is no packet
     */
    default void decodeSum(MemorySegment[] packets, int rows, int columns, MemorySegment residual) {
        decodeSum(packets, rows, columns, residual, columns);
    }

    /**
     * The fused kernel on a residual whose rows do not lie next to each other.
     *
     * @param packets the packed partials of all ranks, in rank order, at least one
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @param residual f32, rows x stride, of which the first {@code columns} of each row are read and written; the last
     *     row may end there
     * @param stride elements from the start of one row to that of the next, at least {@code columns}
     * @throws IllegalArgumentException as {@link #decode}, and if there is no packet
     */
    void decodeSum(MemorySegment[] packets, int rows, int columns, MemorySegment residual, int stride);

    /**
     * Packs the sum of packed partials:
     * {@code target <- quantize((dequantize(packet 0) + dequantize(packet 1)) + ...)}, in f32 and in rank order. Takes
     * a scratch of a few rows, or of the whole where rows are not independent.
     *
     * @param packets the packed partials of all ranks, in rank order, at least one
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @param target receives {@code format().encodedBytes(rows, columns)} bytes; no packet
     * @throws IllegalArgumentException as {@link #decode}, and if there is no packet
     */
    default void reduce(MemorySegment[] packets, int rows, int columns, MemorySegment target) {
        Reduction.run(this, packets, rows, columns, target);
    }

    /**
     * {@return the fast implementation}
     *
     * @param format the wire format
     */
    static PartialCodec of(WireFormat format) {
        return switch (format) {
            case MxFormat mx -> new VectorMxCodec(mx);
            case IntegerFormat integer -> new VectorIntegerCodec(integer);
            case TopKFormat topK -> new TopKCodec(topK);
            case PlainFormat plain -> new PlainCodec(plain);
        };
    }

    /**
     * {@return the reference implementation, which defines the results of all others}
     *
     * @param format the wire format
     */
    static PartialCodec reference(WireFormat format) {
        return switch (format) {
            case MxFormat mx -> new ScalarMxCodec(mx);
            case IntegerFormat integer -> new ScalarIntegerCodec(integer);
            case TopKFormat topK -> new TopKCodec(topK);
            case PlainFormat plain -> new PlainCodec(plain);
        };
    }
}
