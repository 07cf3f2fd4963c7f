package dev.waterspout.kernels.weights;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The constants that kernels cannot hold themselves: TornadoVM compiles neither bit casts nor NaN literals nor static
 * arrays, so exponents are found by comparing with this table, and built by reading it.
 *
 * <pre>
 *   index    0        1             149          276     277   278   279
 *          +--------+--------+-----+-----+-----+--------+-----+-----+------+
 *          | 2^-149 | 2^-148 | ... | 2^0 | ... | 2^127  | inf | NaN | none |
 *          +--------+--------+-----+-----+-----+--------+-----+-----+------+
 * </pre>
 */
public final class DeviceTables {
    /** Index of {@code 2^0}; {@code 2^e} is at {@code ONE + e}. */
    public static final int ONE = 149;

    public static final int INFINITY = 277;
    public static final int NAN = 278;

    /** Elements of the table. */
    static final int SIZE = 280;

    private DeviceTables() {}

    /** {@return a new table; one per device is enough, its content never changes} */
    public static FloatArray create() {
        FloatArray table = new FloatArray(SIZE);
        table.init(0);
        for (int i = 0; i < INFINITY; i++) {
            table.set(i, Math.scalb(1f, i - ONE));
        }
        table.set(INFINITY, Float.POSITIVE_INFINITY);
        table.set(NAN, Float.NaN);
        return table;
    }
}
