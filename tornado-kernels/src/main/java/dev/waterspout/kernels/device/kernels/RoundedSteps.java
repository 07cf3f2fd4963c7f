package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What one work-item computes in the steps of {@link RoundedGroupKernels}. */
final class RoundedSteps {
    private static final int ROWS = Panels.ROWS;
    private static final int ONES = 0x01010101;
    private static final int TERMS_OF_GROUP = 4;
    private static final int TERMS_OF_BLOCK = 8;

    private RoundedSteps() {}

    /** {@return the largest magnitude of four inputs; NaN if one of them is an infinity or NaN} */
    static float largest(FloatArray x, int from) {
        float x0 = x.get(from);
        float x1 = x.get(from + 1);
        float x2 = x.get(from + 2);
        float x3 = x.get(from + 3);
        float lower = TornadoMath.max(TornadoMath.abs(x0), TornadoMath.abs(x1));
        float upper = TornadoMath.max(TornadoMath.abs(x2), TornadoMath.abs(x3));
        return TornadoMath.max(lower, upper) + (x0 * 0f + x1 * 0f + (x2 * 0f + x3 * 0f));
    }

    /** {@return four inputs, each rounded to a signed byte} */
    static int bytes(FloatArray x, int from, float inverse) {
        return number(x.get(from), inverse)
                | number(x.get(from + 1), inverse) << 8
                | number(x.get(from + 2), inverse) << 16
                | number(x.get(from + 3), inverse) << 24;
    }

    private static int number(float input, float inverse) {
        int number = ByteMath.rounded(input, inverse);
        if (input < 0f) {
            number = -number;
        }
        return number & 0xFF;
    }

    /**
     * Multiplies a block of 32 columns of a row with rounded inputs.
     *
     * @param start word at which the row begins in its panel
     * @param column the first column
     * @param words inputs, four bytes each
     * @param inputScale their scale
     * @param made receives, of each group of columns, the sum of the products of bytes, the product of the scales, the
     *     offset, and the sum of the inputs
     */
    static void multiply(IntArray w, int start, int column, int[] words, float inputScale, float[] made, int format) {
        int at = start + Panels.block(column, format);
        for (int of = 0; of < TERMS_OF_BLOCK; of += TERMS_OF_GROUP) {
            if (isUsed(of, format) > 0) {
                int first = column + 4 * of;
                int dot = 0;
                int sum = 0;
                for (int c = 0; c < Panels.group(format); c += 4) {
                    int low = w.get(at + ROWS * Panels.lowWord(first + c, format));
                    int high = low;
                    if (Panels.hasHighWord(format) > 0) {
                        high = w.get(at + ROWS * Panels.highWord(first + c, format));
                    }
                    int word = words[of + (c >> 2)];
                    dot = ByteMath.addFour(Panels.four(low, high, first + c, format), word, dot);
                    if (Panels.less(format) > 0 || Panels.hasOffsets(format) > 0) {
                        sum = ByteMath.addFour(ONES, word, sum);
                    }
                }
                int w0 = Panels.header(w, at, 0, first, format);
                int w1 = Panels.header(w, at, 1, first, format);
                made[of] = (float) (dot - Panels.less(format) * sum);
                made[of + 1] = Panels.scale(w0, w1, first, format) * inputScale;
                if (Panels.hasOffsets(format) > 0) {
                    int w2 = Panels.header(w, at, 2, first, format);
                    made[of + 2] = Panels.offset(w0, w1, w2, first, format);
                    made[of + 3] = (float) sum * inputScale;
                }
            }
        }
    }

    /** {@return 1 if a layout has the term of a block of columns that has a number, else 0} */
    static int isUsed(int term, int format) {
        int used = 1;
        if ((term & 2) > 0 && Panels.hasOffsets(format) == 0) {
            used = 0;
        }
        if (term > 3 && Panels.group(format) > 16) {
            used = 0;
        }
        return used;
    }
}
