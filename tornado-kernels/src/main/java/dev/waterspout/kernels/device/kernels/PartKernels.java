package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Changes the part of a pass that an array holds: stores the rows of one part among the rows of the whole pass, and
 * loads those of another part. One work-item per element: x is the column, y the row. The two ranges of stored rows
 * have no row in common.
 *
 * <pre>
 *   index       0            1           2           3
 *          +------------+-----------+-----------+----------+
 *          | store from | store rows| load from | load rows|
 *          +------------+-----------+-----------+----------+
 * </pre>
 */
public final class PartKernels {
    /** Index of the first row of the pass that is stored. */
    public static final int STORE_FROM = 0;
    /** Index of the number of rows that are stored. */
    public static final int STORE_ROWS = 1;
    /** Index of the first row of the pass that is loaded. */
    public static final int LOAD_FROM = 2;
    /** Index of the number of rows that are loaded. */
    public static final int LOAD_ROWS = 3;
    /** Elements of the array that describes a change. */
    public static final int SIZE = 4;

    private PartKernels() {}

    /**
     * Changes the part of an array of floats.
     *
     * @param change the rows
     * @param part [rows of the part][width], from its first row on
     * @param stored [rows of the pass][width]
     */
    public static void changeFloats(
            KernelContext context, IntArray change, FloatArray part, FloatArray stored, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width) {
            int index = row * width + column;
            if (row < change.get(STORE_ROWS)) {
                stored.set(change.get(STORE_FROM) * width + index, part.get(index));
            }
            if (row < change.get(LOAD_ROWS)) {
                part.set(index, stored.get(change.get(LOAD_FROM) * width + index));
            }
        }
    }

    /** The same for an array of bytes. */
    public static void changeBytes(
            KernelContext context, IntArray change, ByteArray part, ByteArray stored, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width) {
            int index = row * width + column;
            if (row < change.get(STORE_ROWS)) {
                stored.set(change.get(STORE_FROM) * width + index, part.get(index));
            }
            if (row < change.get(LOAD_ROWS)) {
                part.set(index, stored.get(change.get(LOAD_FROM) * width + index));
            }
        }
    }
}
