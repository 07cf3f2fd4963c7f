package dev.waterspout.kernels.codec;

/**
 * The byte layout of a payload in a baseline format. No other class knows the offsets. D are its columns, R its rows;
 * all numbers are little-endian, codes and indices bit-packed as {@link MxLayout} describes, pad bits 0.
 *
 * <p>f16, bf16, f32: the elements of a row one after the other, rows one after the other.
 *
 * <p>{@link IntegerFormat} of n bits per token, row by row:
 *
 * <pre>
 *   0           2                              2 + ceil(D x n / 8)
 *  +-----------+------------------------------+
 *  | scale f16 | code 0 | ... | code D-1 |pad |
 *  +-----------+------------------------------+
 * </pre>
 *
 * <p>{@link IntegerFormat} of n bits per channel, one part for all rows and then row by row:
 *
 * <pre>
 *   0                                  2 x D                            2 x D + R x ceil(D x n / 8)
 *  +----------------------------------+--------------+-----+------------+
 *  | scale of column 0 | ... | of D-1 | codes, row 0 | ... | row R-1    |
 *  +----------------------------------+--------------+-----+------------+
 *                                      each row of codes starts at a whole byte
 * </pre>
 *
 * A code is sign and magnitude, the sign in its top bit; its value is {@code magnitude x 2^(2 - n) x scale}.
 *
 * <p>{@link TopKFormat} with k kept elements, row by row:
 *
 * <pre>
 *   0                               2 x k                              2 x k + ceil(k x i / 8)
 *  +-------------------------------+----------------------------------+
 *  | value 0 | ... | value k-1 f16 | column 0 | ... | column k-1 |pad |
 *  +-------------------------------+----------------------------------+
 *                                   i = ceil(log2 D) bits each, ascending
 * </pre>
 */
final class BaselineLayout {
    private static final int HALF_BYTES = Short.BYTES;

    private BaselineLayout() {}

    /** {@return the bytes of a message} */
    static long integerBytes(IntegerFormat format, int rows, int columns) {
        Shapes.check(rows, columns);
        return rows == 0 ? 0 : codesOffset(format, columns, rows - 1) + PackedBits.bytes(columns, format.bits());
    }

    /** {@return the offset in bytes of the scale of an element} */
    static long scaleOffset(IntegerFormat format, int columns, int row, int column) {
        return switch (format.axis()) {
            case TOKEN -> codesOffset(format, columns, row) - HALF_BYTES;
            case CHANNEL -> (long) column * HALF_BYTES;
        };
    }

    /** {@return the offset in bytes of a row's codes} */
    static long codesOffset(IntegerFormat format, int columns, int row) {
        long rowCodes = PackedBits.bytes(columns, format.bits());
        return switch (format.axis()) {
            case TOKEN -> row * (HALF_BYTES + rowCodes) + HALF_BYTES;
            case CHANNEL -> (long) columns * HALF_BYTES + row * rowCodes;
        };
    }

    /** {@return the elements that a row keeps} */
    static int kept(TopKFormat format, int columns) {
        return Math.max(1, columns / format.keepOneIn());
    }

    /** {@return the bits of one column index} */
    static int indexBits(int columns) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(columns - 1);
    }

    /** {@return the offset in bytes of a kept value within its row} */
    static long valueOffset(int index) {
        return (long) index * HALF_BYTES;
    }

    /** {@return the bytes of one row} */
    static long topKRowBytes(TopKFormat format, int columns) {
        int kept = kept(format, columns);
        return valueOffset(kept) + PackedBits.bytes(kept, indexBits(columns));
    }
}
