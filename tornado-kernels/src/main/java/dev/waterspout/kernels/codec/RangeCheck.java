package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/**
 * Counts the values of an encoded partial that lie at the end of their format's range. What was beyond it has been cut
 * to the largest value, or became infinite, and the sum is wrong. Counted are
 *
 * <ul>
 *   <li>of blocks whose scale has fewer exponents than f32: blocks with the largest scale and, where scales are powers
 *   of two,
 *       an element of the largest magnitude;
 *   <li>of integers per token or channel: scales at 65504;
 *   <li>of f16 and TopK: values that are infinite.
 * </ul>
 *
 * A block whose largest value is exactly the largest of the format counts, too: from the packed bytes alone, the two
 * cannot be told apart. So every implementation of a format, on the host or on a device, has the same count, and
 * encoding needs no code for it: what is read is one scale per block.
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
     * @param format what the partial is encoded in
     * @param packed {@code format.encodedBytes(rows, columns)} bytes
     * @param rows tokens, 0 or more
     * @param columns elements in a row, at least 1
     * @return how many; 0 for a format that {@linkplain #isNeeded needs no check}
     */
    public static long count(WireFormat format, MemorySegment packed, int rows, int columns) {
        return switch (format) {
            case PlainFormat plain ->
                plain == PlainFormat.F16 ? halves(packed, 0, (long) rows * columns, INFINITE_HALF) : 0;
            case MxFormat mx -> mx.scale() == ScaleType.E8M0 ? 0 : blocks(mx, packed, rows, columns);
            case IntegerFormat integers -> scales(integers, packed, rows, columns);
            case TopKFormat topK -> keptValues(topK, packed, rows, columns);
        };
    }

    private static long blocks(MxFormat format, MemorySegment packed, int rows, int columns) {
        MxLayout layout = new MxLayout(format, columns);
        long count = 0;
        if (format.scale() == ScaleType.F16) {
            for (int row = 0; row < rows; row++) {
                count += halves(packed, layout.scaleOffset(row), layout.blocks(), LARGEST_HALF);
            }
            return count;
        }
        int largest = format.maxScaleExponent() + format.scale().bias();
        for (int row = 0; row < rows; row++) {
            for (int block = 0; block < layout.blocks(); block++) {
                if (layout.scaleCode(packed, row, block) == largest && hasLargest(layout, format, packed, row, block)) {
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

    private static long scales(IntegerFormat format, MemorySegment packed, int rows, int columns) {
        if (format.axis() == IntegerFormat.Axis.CHANNEL) {
            return rows == 0 ? 0 : halves(packed, 0, columns, LARGEST_HALF);
        }
        long count = 0;
        for (int row = 0; row < rows; row++) {
            count += halves(packed, BaselineLayout.scaleOffset(format, columns, row, 0), 1, LARGEST_HALF);
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
