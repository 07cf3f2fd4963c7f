package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link EncodedProductKernels}, in the way of {@link RoundedGroupKernels}: the panels of a work-group
 * share the rounded inputs.
 */
public final class RoundedEncodedKernels {
    private static final int ROWS = Panels.ROWS;
    private static final int PANELS = EncodedProductKernels.PANELS;
    private static final int TERMS = RoundedGroupKernels.TERMS;

    /** Blocks of 32 columns that a work-group processes at a time. */
    private static final int BLOCKS = 32;

    private static final int COLUMNS = 32 * BLOCKS;

    /** Elements of local memory between two terms of a group. */
    private static final int PLANE = BLOCKS * ROWS * PANELS;

    /** Bytes of local memory. */
    public static final int LOCAL_BYTES = (2 * 8 * BLOCKS + BLOCKS + TERMS * PLANE) * Float.BYTES;

    private static final int RUNS = EncodedProductKernels.OUTPUTS / QuantizeKernels.RUN;

    private RoundedEncodedKernels() {}

    /** Multiplies and encodes; the arguments are those of {@link EncodedProductKernels#multiplyAndEncode}. */
    public static void roundedAndEncoded(
            KernelContext context,
            IntArray step,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            IntArray wire,
            FloatArray powers,
            ByteArray packed,
            int rows,
            int columns,
            int startIndex,
            int biasStride,
            int format,
            int items) {
        float[] largest = context.allocateFloatLocalArray(8 * BLOCKS);
        int[] inputs = context.allocateIntLocalArray(8 * BLOCKS);
        float[] inputScales = context.allocateFloatLocalArray(BLOCKS);
        float[] terms = context.allocateFloatLocalArray(TERMS * PLANE);
        int[] words = new int[8];
        float[] made = new float[TERMS];
        int item = context.localIdx;
        int token = context.globalIdy;
        int inPanel = item & (items - 1);
        int lane = inPanel & (ROWS - 1);
        int own = item / items;
        int panel = context.groupIdx * PANELS + own;
        int start = step.get(startIndex) + panel * Panels.panelWords(columns, format) + lane;
        int rowsAt = own * BLOCKS * ROWS + lane;
        float value = 0f;
        for (int first = 0; first < columns; first += COLUMNS) {
            int blocks = TornadoMath.min(BLOCKS, (columns - first) >> 5);
            int from = token * columns + first;
            for (int four = item; four < 8 * blocks; four += items * PANELS) {
                largest[four] = RoundedSteps.largest(x, from + 4 * four);
            }
            context.localBarrier();
            for (int four = item; four < 8 * blocks; four += items * PANELS) {
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
            for (int block = inPanel >> 3; block < blocks; block += items >> 3) {
                for (int i = 0; i < 8; i++) {
                    words[i] = inputs[8 * block + i];
                }
                RoundedSteps.multiply(w, start, first + 32 * block, words, inputScales[block], made, format);
                for (int i = 0; i < TERMS; i++) {
                    terms[i * PLANE + block * ROWS + rowsAt] = made[i];
                }
            }
            context.localBarrier();
            if (inPanel < ROWS) {
                for (int block = 0; block < blocks; block++) {
                    for (int i = 0; i < TERMS; i += 2) {
                        if (RoundedSteps.isUsed(i, format) > 0) {
                            value = ByteMath.addProduct(
                                    terms[i * PLANE + block * ROWS + rowsAt],
                                    terms[(i + 1) * PLANE + block * ROWS + rowsAt],
                                    value);
                        }
                    }
                }
            }
        }
        if (inPanel < ROWS) {
            int row = panel * ROWS + inPanel;
            if (biasStride > 0) {
                value += bias.get(step.get(Step.LAYER) * biasStride + row);
            }
            y.set(token * rows + row, value);
        }
        context.globalBarrier();
        int scales = (EncodedProductKernels.OUTPUTS >> wire.get(MxParameters.BLOCK_SHIFT))
                / wire.get(MxParameters.SCALES_PER_ITEM);
        if (item < RUNS + scales) {
            int encoded = context.groupIdx * RUNS + item;
            if (item >= RUNS) {
                encoded = wire.get(MxParameters.ELEMENT_ITEMS) + context.groupIdx * scales + item - RUNS;
            }
            QuantizeKernels.encodeItem(wire, powers, y, packed, encoded, token);
        }
    }
}
