package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearTensorKernels}, with the same bits, for passes of up to {@value #TOKENS} tokens.
 *
 * <p>A work-group of {@value #ITEMS} work-items, 4 warps, computes a tile of {@value #TOKENS} tokens by {@value #ROWS}
 * rows; a warp computes all tokens of one panel. Steps are {@value #DEPTH} columns long, so that each work-item has 8
 * words of weights and 16 inputs under way while its warp multiplies those of the step before. What lies beyond the
 * last column is multiplied with inputs of zero, and what lies beyond the last row or token is not stored. Operands
 * lie in local memory as in {@link LinearTensorKernels}. A warp executes 24 matrix instructions per step. A group
 * reads 8 KB of inputs and, of Q8_0, 4.5 KB of weights.
 *
 * <p>{@link ProductShape} describes {@code shape}.
 */
public final class NarrowTensorKernels {
    /** Work-items of a work-group. */
    public static final int ITEMS = 128;

    /** Tokens of a tile. */
    public static final int TOKENS = 16;

    /** Rows of a tile. */
    public static final int ROWS = 32;

    /** Largest number of work-groups: those whose sums have room in the array of {@link LinearTensorKernels}. */
    public static final int MOST_GROUPS = 2048;

    private static final int DEPTH = 128;
    private static final int STEP = 16;
    private static final int RUNS = DEPTH / 32;

    /** Bytes of one block of inputs and of one of weights. */
    private static final int INPUT_BLOCK = 512;

    private static final int WEIGHT_BLOCK = 256;

    /** Blocks of weights of 16 columns. */
    private static final int WEIGHT_BLOCKS = ROWS / 8;

    /** Distance in words from the first parts of the inputs to the second ones, and of the weights. */
    private static final int INPUT_REST = 1024;

    private static final int WEIGHT_REST = 2048;

    private static final int INPUT_WORDS = 2 * INPUT_REST;
    private static final int WEIGHT_WORDS = 2 * WEIGHT_REST;

    private NarrowTensorKernels() {}

    /** {@return the tiles of a product} */
    public static long tiles(int rows) {
        return Math.ceilDiv(rows, ROWS);
    }

    /**
     * For few tokens.
     *
     * @param sums [work-groups][parts][{@value #TOKENS}][{@value #ROWS}], written and read
     */
    public static void panelByNarrowTensor(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray sums,
            FloatArray y,
            int function,
            int layout) {
        int[] inputs = context.allocateIntLocalArray(2 * INPUT_WORDS);
        int[] weights = context.allocateIntLocalArray(2 * WEIGHT_WORDS);
        float[] values = new float[TOKENS];
        int[] words = new int[4 * RUNS];
        int[] headers = new int[6 * RUNS];
        float[] scales = new float[2 * RUNS];
        float[] offsets = new float[2 * RUNS];
        int item = context.localIdx;
        int warp = item >> 5;
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int tokens = step.get(Step.ROWS);
        int parts = GateKernels.parts(function, tokens);
        int panels = (rows + Panels.ROWS - 1) >> 3;
        int tiles = (rows + ROWS - 1) >> 5;
        // This item's words of the operands: a pair of columns of every second token, and four columns of two rows of
        // the warp's panel, of each 32 columns.
        int pair = item & 63;
        int inputAt = (pair >> 3) * (INPUT_BLOCK >> 2) + (pair & 7);
        int rowPair = item & 3;
        int four = ((item >> 2) & 7) * 4;
        int weightAt = ((four >> 4) * WEIGHT_BLOCKS + warp) * (WEIGHT_BLOCK >> 2) + (four & 15) * 4 + rowPair;
        int turn = 0;
        for (int tile = context.groupIdx; tile < tiles; tile += MOST_GROUPS) {
            int panel = TornadoMath.min(tile * (ROWS >> 3) + warp, panels - 1);
            for (int part = 0; part < parts; part++) {
                int start = step.get(shape.get(ProductShape.START_INDEX))
                        + (part * panels + panel) * Panels.panelWords(columns, layout)
                        + 2 * rowPair;
                float[] made = context.mmaFragment(0f);
                int column = TornadoMath.min(2 * pair, columns - 2);
                LinearTensorKernels.loadInputs(x, values, TOKENS / 2, item >> 6, 2, tokens - 1, column, columns);
                for (int run = 0; run < RUNS; run++) {
                    int c = TornadoMath.min(32 * run, columns - 32) + four;
                    LinearTensorKernels.loadWeights(w, words, headers, run, start + Panels.block(c, layout), c, layout);
                }
                for (int first = 0; first < columns; first += DEPTH) {
                    for (int i = 0; i < TOKENS / 2; i++) {
                        float x0 = first + 2 * pair < columns ? values[2 * i] : 0f;
                        float x1 = first + 2 * pair < columns ? values[2 * i + 1] : 0f;
                        int at = turn * INPUT_WORDS + inputAt + ((item >> 6) + 2 * i) * 8;
                        inputs[at] = LinearTensorKernels.packed(x0, x1);
                        inputs[at + INPUT_REST] =
                                LinearTensorKernels.packed(LinearTensorKernels.rest(x0), LinearTensorKernels.rest(x1));
                    }
                    for (int i = 0; i < 2 * RUNS; i++) {
                        int c = TornadoMath.min(first + 32 * (i >> 1), columns - 32) + four;
                        scales[i] = Panels.scale(headers[3 * i], headers[3 * i + 1], c, layout);
                        offsets[i] = Panels.offset(headers[3 * i], headers[3 * i + 1], headers[3 * i + 2], c, layout);
                    }
                    // Two loops: TornadoVM keeps a loop whose copies would be too many, with its arrays in memory.
                    for (int i = 0; i < 2 * RUNS; i++) {
                        int run = i >> 2;
                        int low = 4 * run;
                        float w0 = Panels.number(words[low], words[low + 1], four + (i & 3), layout) * scales[2 * run]
                                + offsets[2 * run];
                        float w1 = Panels.number(words[low + 2], words[low + 3], four + (i & 3), layout)
                                        * scales[2 * run + 1]
                                + offsets[2 * run + 1];
                        int to = turn * WEIGHT_WORDS
                                + weightAt
                                + 2 * run * WEIGHT_BLOCKS * (WEIGHT_BLOCK >> 2)
                                + 4 * (i & 3);
                        weights[to] = LinearTensorKernels.packed(w0, w1);
                        weights[to + WEIGHT_REST] =
                                LinearTensorKernels.packed(LinearTensorKernels.rest(w0), LinearTensorKernels.rest(w1));
                    }
                    for (int i = 2 * RUNS; i < 4 * RUNS; i++) {
                        int run = i >> 2;
                        int low = 4 * run;
                        float w0 = Panels.number(words[low], words[low + 1], four + (i & 3), layout) * scales[2 * run]
                                + offsets[2 * run];
                        float w1 = Panels.number(words[low + 2], words[low + 3], four + (i & 3), layout)
                                        * scales[2 * run + 1]
                                + offsets[2 * run + 1];
                        int to = turn * WEIGHT_WORDS
                                + weightAt
                                + 2 * run * WEIGHT_BLOCKS * (WEIGHT_BLOCK >> 2)
                                + 4 * (i & 3);
                        weights[to] = LinearTensorKernels.packed(w0, w1);
                        weights[to + WEIGHT_REST] =
                                LinearTensorKernels.packed(LinearTensorKernels.rest(w0), LinearTensorKernels.rest(w1));
                    }
                    context.localBarrier();
                    int next = first + DEPTH;
                    column = TornadoMath.min(next + 2 * pair, columns - 2);
                    LinearTensorKernels.loadInputs(x, values, TOKENS / 2, item >> 6, 2, tokens - 1, column, columns);
                    for (int run = 0; run < RUNS; run++) {
                        int c = TornadoMath.min(next + 32 * run, columns - 32) + four;
                        LinearTensorKernels.loadWeights(
                                w, words, headers, run, start + Panels.block(c, layout), c, layout);
                    }
                    for (int block = 0; block < DEPTH / STEP; block++) {
                        int a = 4 * turn * INPUT_WORDS + block * INPUT_BLOCK;
                        int b = 4 * turn * WEIGHT_WORDS + (block * WEIGHT_BLOCKS + warp) * WEIGHT_BLOCK;
                        HalfFloat[] a0 = context.mmaLoadA(inputs, STEP, a);
                        HalfFloat[] a0Rest = context.mmaLoadA(inputs, STEP, a + 4 * INPUT_REST);
                        HalfFloat[] b0 = context.mmaLoadB(weights, STEP, b);
                        HalfFloat[] b0Rest = context.mmaLoadB(weights, STEP, b + 4 * WEIGHT_REST);
                        made = context.mmaBF16(a0Rest, b0, made, MMAShape.M16N8K16);
                        made = context.mmaBF16(a0, b0Rest, made, MMAShape.M16N8K16);
                        made = context.mmaBF16(a0, b0, made, MMAShape.M16N8K16);
                    }
                    turn = 1 - turn;
                }
                context.mmaStore(made, sums, (context.groupIdx * 2 + part) * TOKENS, 8 * warp, ROWS);
            }
            context.globalBarrier();
            int row = tile * ROWS + (item & (ROWS - 1));
            int biasStride = shape.get(ProductShape.BIAS_STRIDE);
            int layer = step.get(Step.LAYER);
            for (int token = warp; token < TOKENS; token += ITEMS >> 5) {
                if (row < rows && token < tokens) {
                    int at = (context.groupIdx * 2 * TOKENS + token) * ROWS + (item & (ROWS - 1));
                    float gate = sums.get(at) + LinearTileKernels.offset(bias, biasStride, layer, 0, row, rows);
                    float up = gate;
                    if (GateKernels.parts(function) == 2) {
                        up = sums.get(at + TOKENS * ROWS)
                                + LinearTileKernels.offset(bias, biasStride, layer, rows, row, rows);
                    }
                    y.set(token * rows + row, GateKernels.activated(gate, up, function));
                }
            }
            context.globalBarrier();
        }
    }
}
