package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The products of {@link PairKernels}, in the way of {@link RoundedGroupKernels}. Each branch stores its terms in a
 * private array, because stores to local memory in two branches are not compiled.
 */
public final class RoundedPairKernels {
    private static final int ROWS = Panels.ROWS;
    private static final int BLOCKS = RoundedGroupKernels.BLOCKS;
    private static final int TERMS = RoundedGroupKernels.TERMS;
    private static final int PLANE = BLOCKS * ROWS;

    private RoundedPairKernels() {}

    /**
     * One work-group of {@code items} per panel and token: x is the panel, y the token. Arguments are those of
     * {@link PairKernels#pairByGroup}.
     */
    public static void roundedPair(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray w,
            IntArray otherW,
            FloatArray x,
            FloatArray bias,
            FloatArray otherBias,
            FloatArray y,
            FloatArray otherY,
            int format,
            int otherFormat,
            int items) {
        float[] largest = context.allocateFloatLocalArray(8 * BLOCKS);
        int[] inputs = context.allocateIntLocalArray(8 * BLOCKS);
        float[] inputScales = context.allocateFloatLocalArray(BLOCKS);
        float[] terms = context.allocateFloatLocalArray(TERMS * PLANE);
        int[] words = new int[8];
        float[] made = new float[TERMS];
        int item = context.localIdx;
        int lane = item & (ROWS - 1);
        int token = context.globalIdy;
        int columns = shape.get(ProductShape.COLUMNS);
        int panel = context.groupIdx;
        int other = panel - PairKernels.panels(shape, 0);
        float value = 0f;
        for (int first = 0; first < columns; first += RoundedGroupKernels.COLUMNS) {
            int blocks = TornadoMath.min(BLOCKS, (columns - first) >> 5);
            int from = token * columns + first;
            for (int four = item; four < 8 * blocks; four += items) {
                largest[four] = RoundedSteps.largest(x, from + 4 * four);
            }
            context.localBarrier();
            for (int four = item; four < 8 * blocks; four += items) {
                float most = 0f;
                float zero = 0f;
                for (int i = 0; i < 8; i++) {
                    float magnitude = largest[(four & -8) + i];
                    most = TornadoMath.max(most, magnitude);
                    zero += magnitude * 0f;
                }
                inputs[four] = RoundedSteps.bytes(x, from + 4 * four, ByteMath.inverse(most));
                if ((four & 7) == 0) {
                    inputScales[four >> 3] = ByteMath.scale(most, zero);
                }
            }
            context.localBarrier();
            for (int block = item >> 3; block < blocks; block += items >> 3) {
                for (int i = 0; i < 8; i++) {
                    words[i] = inputs[8 * block + i];
                    made[i] = 0f;
                }
                float inputScale = inputScales[block];
                int column = first + 32 * block;
                if (other < 0) {
                    int start = PairKernels.start(step, shape, 0, panel, format) + lane;
                    RoundedSteps.multiply(w, start, column, words, inputScale, made, format);
                } else {
                    int start = PairKernels.start(step, shape, ProductShape.SIZE, other, otherFormat) + lane;
                    RoundedSteps.multiply(otherW, start, column, words, inputScale, made, otherFormat);
                }
                for (int i = 0; i < TERMS; i++) {
                    terms[i * PLANE + block * ROWS + lane] = made[i];
                }
            }
            context.localBarrier();
            if (item < ROWS) {
                for (int block = 0; block < blocks; block++) {
                    for (int i = 0; i < TERMS; i += 2) {
                        // Terms that a layout does not have are zero, and change nothing.
                        value = ByteMath.addProduct(
                                terms[i * PLANE + block * ROWS + lane],
                                terms[(i + 1) * PLANE + block * ROWS + lane],
                                value);
                    }
                }
            }
        }
        int rows = shape.get(ProductShape.ROWS);
        int otherRows = shape.get(ProductShape.SIZE + ProductShape.ROWS);
        int row = panel * ROWS + item;
        int otherRow = other * ROWS + item;
        if (item < ROWS && other < 0 && row < rows) {
            y.set(token * rows + row, value + PairKernels.offset(step, shape, 0, bias, row));
        }
        if (item < ROWS && other > -1 && otherRow < otherRows) {
            otherY.set(
                    token * otherRows + otherRow,
                    value + PairKernels.offset(step, shape, ProductShape.SIZE, otherBias, otherRow));
        }
    }
}
