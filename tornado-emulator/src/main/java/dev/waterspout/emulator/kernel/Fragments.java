package dev.waterspout.emulator.kernel;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Matrix operations of a warp, as the CUDA backend compiles them to {@code ldmatrix} and {@code mma.sync}. Operands are
 * read from local memory:
 *
 * <pre>
 *   A   16 rows of 16 numbers, 32 bytes each                     row 0 | row 1 | ... | row 15
 *   B   16 rows of 8 numbers, 16 bytes each, a row per depth     row 0 | row 1 | ... | row 15
 * </pre>
 *
 * <p>A lane computes four of the 16 x 8 sums:
 *
 * <pre>
 *   lane      rows                      columns
 *   0 to 31   lane / 4, lane / 4 + 8    2 (lane mod 4), 2 (lane mod 4) + 1
 * </pre>
 *
 * <p>On a GPU, the lanes exchange parts of the operands. Here a lane's fragment of A has its two rows, and that of B
 * its two columns, so that a lane computes its sums without the others.
 *
 * <p>Layouts: PTX ISA, "Matrix fragments for mma.m16n8k16".
 */
public final class Fragments {
    /** Lanes of a warp. */
    public static final int WARP = 32;

    private static final int COLUMNS = 8;
    private static final int DEPTH = 16;
    private static final int SUMS = 4;

    /** Bytes that each row in local memory must be aligned to. */
    private static final int ALIGNMENT = 16;

    /** All numbers of 16 bits, so that operands need no objects of their own. */
    private static final HalfFloat[] NUMBERS = new HalfFloat[1 << 16];

    static {
        Arrays.setAll(NUMBERS, bits -> new HalfFloat((short) bits));
    }

    private Fragments() {}

    /**
     * {@return a lane's two rows of an operand A}
     *
     * @param tile local array
     * @param depth numbers of a row
     * @param byteOffset offset of the first row in bytes
     * @param lane number of the lane in its warp
     */
    public static HalfFloat[] loadA(int[] tile, int depth, int byteOffset, int lane) {
        int first = firstNumber(depth, byteOffset);
        HalfFloat[] rows = new HalfFloat[2 * DEPTH];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = number(tile, first + row(lane, 2 * (i / DEPTH)) * DEPTH + i % DEPTH);
        }
        return rows;
    }

    /**
     * {@return a lane's two columns of an operand B}
     *
     * @param tile local array
     * @param depth number of rows
     * @param byteOffset offset of the first row in bytes
     * @param lane number of the lane in its warp
     */
    public static HalfFloat[] loadB(int[] tile, int depth, int byteOffset, int lane) {
        int first = firstNumber(depth, byteOffset);
        HalfFloat[] columns = new HalfFloat[2 * DEPTH];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = number(tile, first + i % DEPTH * COLUMNS + column(lane, i / DEPTH));
        }
        return columns;
    }

    private static int firstNumber(int depth, int byteOffset) {
        if (depth != DEPTH) {
            throw new TornadoRuntimeException("matrix operand of depth " + depth + "; 16-bit numbers have " + DEPTH);
        }
        if (byteOffset % ALIGNMENT != 0) {
            throw new TornadoRuntimeException("matrix operand at byte " + byteOffset
                    + " of a local array; rows begin at" + " multiples of " + ALIGNMENT);
        }
        return byteOffset / Short.BYTES;
    }

    private static HalfFloat number(int[] tile, int index) {
        return NUMBERS[(tile[index >> 1] >>> (Short.SIZE * (index & 1))) & 0xFFFF];
    }

    /** {@return a lane's sums, all with the same value} */
    public static float[] sums(float value) {
        return new float[] {value, value, value, value};
    }

    /**
     * {@return a lane's sums of products of bf16 numbers, {@code A x B + C}, rounded once}
     *
     * @param a the lane's rows of A
     * @param b the lane's columns of B
     * @param c the lane's sums that the products are added to
     * @param shape must be {@link MMAShape#M16N8K16}
     */
    public static float[] multiply(HalfFloat[] a, HalfFloat[] b, float[] c, MMAShape shape) {
        if (shape != MMAShape.M16N8K16) {
            throw new TornadoRuntimeException("matrix operation " + shape + " of bf16; must be M16N8K16");
        }
        float[] result = new float[SUMS];
        for (int i = 0; i < SUMS; i++) {
            int row = i / 2 * DEPTH;
            int column = i % 2 * DEPTH;
            double sum = c[i];
            for (int k = 0; k < DEPTH; k++) {
                sum += (double) value(a[row + k]) * value(b[column + k]);
            }
            result[i] = (float) sum;
        }
        return result;
    }

    private static float value(HalfFloat bits) {
        return BFloat16.bf16ToFloat(bits.getHalfFloatValue());
    }

    /**
     * Writes a lane's sums to a matrix.
     *
     * @param sums the lane's sums
     * @param matrix receives them
     * @param firstRow row of the first sum of the warp
     * @param firstColumn column of the first sum of the warp
     * @param stride elements of a row of the matrix
     * @param lane number of the lane in its warp
     */
    public static void store(float[] sums, FloatArray matrix, int firstRow, int firstColumn, int stride, int lane) {
        for (int i = 0; i < SUMS; i++) {
            matrix.set((firstRow + row(lane, i)) * stride + firstColumn + column(lane, i), sums[i]);
        }
    }

    private static int row(int lane, int sum) {
        return lane / 4 + (sum < 2 ? 0 : COLUMNS);
    }

    private static int column(int lane, int sum) {
        return 2 * (lane % 4) + sum % 2;
    }
}
