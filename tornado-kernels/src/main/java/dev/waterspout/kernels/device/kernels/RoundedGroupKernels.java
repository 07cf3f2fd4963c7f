package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of weights in {@link Panels} with inputs that are rounded to 8 bits, for GPUs, with the bits of the host. A
 * work-group computes the eight rows of a panel, {@link #COLUMNS} columns at a time, in three steps with a barrier
 * after each. Then the first eight work-items add the groups of columns of a row each, in ascending order, as the host
 * does.
 *
 * <pre>
 *   step   each work-item                        leaves in local memory
 *   1      reads four inputs at a time           their largest magnitude
 *   2      rounds the same inputs                four bytes, and the scale of each block of 32 inputs
 *   3      has a row; multiplies every           of each group of columns the sum of the products of bytes,
 *          (items / 8)th block of columns        the product of its scales, and both for the offset
 * </pre>
 *
 * Sums of bytes are integers, so the order within a group does not matter. No launch rounds the inputs: every
 * work-group does, which costs a fraction of its multiplications.
 */
public final class RoundedGroupKernels {
    /** One matrix, and an input per token. */
    public static final int PLAIN = 0;
    /** A matrix for each of a token's experts, and an input per token. */
    public static final int EXPERTS = 1;
    /** A matrix and an input for each of a token's experts. */
    public static final int EXPERT_INPUTS = 2;
    /** The same, and the weighted sum of a token's outputs. */
    public static final int SUMMED_EXPERTS = 3;

    /** Blocks of 32 columns that a work-group processes at a time. */
    static final int BLOCKS = 64;

    /** Columns that a work-group processes at a time. */
    static final int COLUMNS = 32 * BLOCKS;

    /** Most tokens of a work-group. */
    public static final int MOST_TOKENS = 16;

    /** Terms of a block of columns, of a row: four of each of two groups. */
    static final int TERMS = 8;

    /** Bytes of local memory. */
    public static final int LOCAL_BYTES =
            (2 * 8 * BLOCKS + BLOCKS + (TERMS * BLOCKS + 3 * MOST_TOKENS) * Panels.ROWS) * Float.BYTES;

    private static final int ROWS = Panels.ROWS;

    /** Elements of local memory between two terms of a group. */
    private static final int PLANE = BLOCKS * ROWS;

    private RoundedGroupKernels() {}

    /**
     * One work-group of {@code items} per panel (x) and {@code perItem} tokens (y); of experts per panel, expert and
     * token. A group reads weights from memory once for all its tokens: for those after the first they are in a cache.
     *
     * @param shape {@link ProductShape}; its rows are those of one part of a matrix
     * @param chosen numbers of the experts, see {@link ExpertKernels}; any array if there are none
     * @param weights [rows][used] for {@link #SUMMED_EXPERTS}, else any array
     * @param x [rows][columns], or [rows][used][columns]
     * @param bias [layers][rows of the matrices], or any array
     * @param y [rows][rows], or [rows][used][rows]
     * @param kind which matrices and inputs, one of the constants
     * @param function function of the outputs, see {@link GateKernels}
     * @param perItem tokens of a group, at most {@link #MOST_TOKENS}; 1 for experts
     * @param items work-items of a group, a multiple of 8
     */
    public static void roundedByGroup(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray chosen,
            FloatArray weights,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int kind,
            int function,
            int format,
            int perItem,
            int items) {
        float[] largest = context.allocateFloatLocalArray(8 * BLOCKS);
        int[] inputs = context.allocateIntLocalArray(8 * BLOCKS);
        float[] inputScales = context.allocateFloatLocalArray(BLOCKS);
        float[] terms = context.allocateFloatLocalArray(TERMS * PLANE);
        // Sums before and after a run of columns, in turn: PoCL may let more than one work-item add to a sum.
        float[] sums = context.allocateFloatLocalArray(2 * MOST_TOKENS * ROWS);
        float[] gates = context.allocateFloatLocalArray(MOST_TOKENS * ROWS);
        int[] words = new int[8];
        float[] made = new float[TERMS];
        int item = context.localIdx;
        int lane = item & (ROWS - 1);
        int firstToken = context.globalIdy * perItem;
        int count = TornadoMath.min(perItem, step.get(Step.ROWS) - firstToken);
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int biasStride = shape.get(ProductShape.BIAS_STRIDE);
        int panels = (rows + ROWS - 1) >> 3;
        int place = context.groupIdx / panels;
        int panel = context.groupIdx - place * panels;
        int row = panel * ROWS + lane;
        int used = 1;
        int slots = 1;
        if (kind > PLAIN) {
            used = chosen.get(0);
        }
        if (kind == SUMMED_EXPERTS) {
            slots = used;
        }
        int parts = GateKernels.parts(function, step.get(Step.ROWS));
        float total = 0f;
        for (int next = 0; next < slots; next++) {
            int firstSlot = firstToken * used + place + next;
            int firstInput = firstSlot;
            int expert = 0;
            if (kind > PLAIN) {
                expert = chosen.get(1 + firstSlot);
            }
            if (kind == EXPERTS) {
                firstInput = firstToken;
            }
            int end = expert < 0 ? 0 : columns;
            for (int part = 0; part < parts; part++) {
                int matrix = TornadoMath.max(expert, 0) * parts + part;
                int start = step.get(shape.get(ProductShape.START_INDEX))
                        + (matrix * panels + panel) * Panels.panelWords(columns, format)
                        + lane;
                int after = 0;
                for (int first = 0; first < end; first += COLUMNS) {
                    int blocks = TornadoMath.min(BLOCKS, (end - first) >> 5);
                    int before = after;
                    after = MOST_TOKENS * ROWS - before;
                    for (int t = 0; t < count; t++) {
                        int from = (firstInput + t) * columns + first;
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
                            }
                            int column = first + 32 * block;
                            RoundedSteps.multiply(w, start, column, words, inputScales[block], made, format);
                            for (int i = 0; i < TERMS; i++) {
                                if (RoundedSteps.isUsed(i, format) > 0) {
                                    terms[i * PLANE + block * ROWS + lane] = made[i];
                                }
                            }
                        }
                        context.localBarrier();
                        if (item < ROWS) {
                            float sum = 0f;
                            if (first > 0) {
                                sum = sums[before + t * ROWS + lane];
                            }
                            for (int block = 0; block < blocks; block++) {
                                for (int i = 0; i < TERMS; i += 2) {
                                    if (RoundedSteps.isUsed(i, format) > 0) {
                                        sum = ByteMath.addProduct(
                                                terms[i * PLANE + block * ROWS + lane],
                                                terms[(i + 1) * PLANE + block * ROWS + lane],
                                                sum);
                                    }
                                }
                            }
                            sums[after + t * ROWS + lane] = sum;
                        }
                    }
                }
                if (item < ROWS && row < rows && expert > -1) {
                    float offset = 0f;
                    if (biasStride > 0) {
                        offset = bias.get(step.get(Step.LAYER) * biasStride + matrix * rows + row);
                    }
                    for (int t = 0; t < count; t++) {
                        float value = sums[after + t * ROWS + lane] + offset;
                        if (part < parts - 1) {
                            gates[t * ROWS + lane] = value;
                        } else {
                            if (kind == SUMMED_EXPERTS) {
                                total += weights.get(firstSlot) * value;
                            } else {
                                float gate = gates[t * ROWS + lane];
                                y.set((firstSlot + t) * rows + row, GateKernels.activated(gate, value, function));
                            }
                        }
                    }
                }
            }
        }
        if (kind == SUMMED_EXPERTS && item < ROWS && row < rows && count > 0) {
            y.set(firstToken * rows + row, total);
        }
    }
}
