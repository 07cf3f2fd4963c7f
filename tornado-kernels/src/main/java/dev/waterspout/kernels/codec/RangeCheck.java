package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Counts the values of an encoded partial at the end of their format's range. Values beyond the range were saturated or
 * became infinite, which makes the sum wrong. Counted are
 *
 * <ul>
 *   <li>of blocks whose scale has fewer exponents than f32: blocks with the largest scale and, where scales are powers
 *   of two,
 *       an element of the largest magnitude;
 *   <li>of integers per token or channel: scales at 65504;
 *   <li>of f16 and TopK: values that are infinite.
 * </ul>
 *
 * The check needs no code in the encoders: it reads one scale per block. In the packed bytes, a block whose largest
 * value is exactly the largest of the format looks like one that was saturated, and is counted. If the values are
 * available, blocks at the end of the range are compared with them, and are counted only if a value is beyond the
 * range.
 */
public final class RangeCheck {
    private static final int LARGEST_HALF = 0x7bff;
    private static final int INFINITE_HALF = 0x7c00;
    private static final int HALF_MAGNITUDE = 0x7fff;

    private RangeCheck() {}

    /**
     * Returns whether values that occur in f32 can be beyond a format's range. Not so for f32, for scales of 8 exponent
     * bits, and for bf16, whose largest value is within 0.4 % of that of f32.
     *
     * @param format any
     */
    public static boolean isNeeded(WireFormat format) {
        return switch (format) {
            case PlainFormat plain -> plain == PlainFormat.F16;
            case MxFormat mx -> mx.scale() != ScaleType.E8M0;
            case IntegerFormat _, TopKFormat _ -> true;
        };
    }

    /**
     * Counts blocks, scales or elements at the end of the range.
     *
     * @param format wire format of the partial
     * @param packed {@code format.encodedBytes(rows, columns)} bytes
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @return the number of values; 0 for a format that {@linkplain #isNeeded needs no check}
     */
    public static long count(WireFormat format, MemorySegment packed, int rows, int columns) {
        return count(format, packed, rows, columns, null);
    }

    /**
     * Counts blocks, scales or elements whose values are beyond the range.
     *
     * @param format wire format of the partial
     * @param packed {@code format.encodedBytes(rows, columns)} bytes
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @param values the values that were encoded, f32
     * @param stride elements from one row of the values to the next
     * @return the number of values; 0 for a format that {@linkplain #isNeeded needs no check}
     */
    public static long countBeyond(
            WireFormat format, MemorySegment packed, int rows, int columns, MemorySegment values, int stride) {
        return count(format, packed, rows, columns, new Values(values, stride));
    }

    private static long count(WireFormat format, MemorySegment packed, int rows, int columns, @Nullable Values values) {
        return switch (format) {
            case PlainFormat plain ->
                plain == PlainFormat.F16 ? halves(packed, 0, (long) rows * columns, INFINITE_HALF) : 0;
            case MxFormat mx -> mx.scale() == ScaleType.E8M0 ? 0 : blocks(mx, packed, rows, columns, values);
            case IntegerFormat integers -> scales(integers, packed, rows, columns, values);
            case TopKFormat topK -> keptValues(topK, packed, rows, columns);
        };
    }

    /** The values that were encoded. */
    private record Values(MemorySegment floats, int stride) {
        /** {@return whether rounding gives a value of a rectangle a larger code than there is} */
        boolean isBeyond(BlockQuantizer quantizer, int scaleCode, int largest, Tile tile) {
            for (int row = tile.row; row < tile.row + tile.rows; row++) {
                for (int column = tile.column; column < tile.column + tile.columns; column++) {
                    float value = floats.get(Layouts.F32, ((long) row * stride + column) * Float.BYTES);
                    if (quantizer.magnitudeCode(value, scaleCode) > largest) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    private record Tile(int row, int rows, int column, int columns) {}

    private static long blocks(MxFormat format, MemorySegment packed, int rows, int columns, @Nullable Values values) {
        MxLayout layout = new MxLayout(format, columns);
        BlockQuantizer quantizer = new BlockQuantizer(format);
        boolean halves = format.scale() == ScaleType.F16;
        int end = halves
                ? LARGEST_HALF
                : format.maxScaleExponent() + format.scale().bias();
        long count = 0;
        for (int row = 0; row < rows; row++) {
            for (int block = 0; block < layout.blocks(); block++) {
                if (layout.scaleCode(packed, row, block) != end
                        || !(halves || hasLargest(layout, format, packed, row, block))) {
                    continue;
                }
                int first = block * format.block();
                Tile tile = new Tile(row, 1, first, Math.min(format.block(), columns - first));
                if (values == null
                        || values.isBeyond(quantizer, end, format.element().maxCode(), tile)) {
                    count++;
                }
            }
        }
        return count;
    }

    private static boolean hasLargest(MxLayout layout, MxFormat format, MemorySegment packed, int row, int block) {
        int end = Math.min(layout.columns(), (block + 1) * format.block());
        int magnitude = format.element().signBit() - 1;
        for (int column = block * format.block(); column < end; column++) {
            if ((layout.elementCode(packed, row, column) & magnitude)
                    >= format.element().maxCode()) {
                return true;
            }
        }
        return false;
    }

    private static long scales(
            IntegerFormat format, MemorySegment packed, int rows, int columns, @Nullable Values values) {
        boolean channels = format.axis() == IntegerFormat.Axis.CHANNEL;
        BlockQuantizer quantizer = format.quantizer();
        long count = 0;
        for (int i = 0; i < (channels ? Math.min(1, rows) * columns : rows); i++) {
            long offset = channels ? (long) i * Short.BYTES : BaselineLayout.scaleOffset(format, columns, i, 0);
            Tile tile = channels ? new Tile(0, rows, i, 1) : new Tile(i, 1, 0, columns);
            if (halves(packed, offset, 1, LARGEST_HALF) > 0
                    && (values == null
                            || values.isBeyond(
                                    quantizer, LARGEST_HALF, format.element().maxCode(), tile))) {
                count++;
            }
        }
        return count;
    }

    private static long keptValues(TopKFormat format, MemorySegment packed, int rows, int columns) {
        long count = 0;
        for (int row = 0; row < rows; row++) {
            long values = row * format.rowBytes(columns) + BaselineLayout.valueOffset(0);
            count += halves(packed, values, BaselineLayout.kept(format, columns), INFINITE_HALF);
        }
        return count;
    }

    /** {@return how many of some halves have one magnitude} */
    private static long halves(MemorySegment packed, long offset, long number, int magnitude) {
        long count = 0;
        for (long i = 0; i < number; i++) {
            count += (packed.get(Layouts.I16, offset + i * Short.BYTES) & HALF_MAGNITUDE) == magnitude ? 1 : 0;
        }
        return count;
    }
}
