package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearKernels} with weights in {@link Panels}, on the tensor cores of NVIDIA GPUs: warps
 * multiply matrices of bf16 and add in f32.
 *
 * <p>Each f32 operand v is the sum of two bf16 numbers, {@code h = bf16(v)} and {@code l = bf16(v - h)}, and a rest of
 * at most 2^-18 of v. A product is {@code h h' + h l' + l h'}. What is left out is at most 2^-16 of the product. bf16
 * has the exponents of f32, so no finite operand below 3.39e38 overflows. (Splitting of operands: Henry, Tang and
 * Heinecke, arXiv 1904.06376.)
 *
 * <p>A work-group of {@value #ITEMS} work-items, 8 warps, computes a tile of {@value #TOKENS} tokens by {@value #ROWS}
 * rows; a warp computes 32 by 32 of them. For each {@value #DEPTH} columns the group writes both parts of both operands
 * to local memory, as {@code ldmatrix} reads them (words of two numbers, the even one in the lower half):
 *
 * <pre>
 *   inputs    [part][16 columns][16 tokens]   blocks of 16 rows of 16 columns, 32 bytes a row
 *   weights   [part][16 columns][8 rows]      blocks of 16 columns of 8 rows, 16 bytes a column
 * </pre>
 *
 * <p>Steps use two halves of local memory in turn, with one barrier each: a warp may unpack the operands of the next
 * step while others still multiply. They are loaded to registers before a warp multiplies those of the present step.
 * What lies beyond the last row or token is computed from the last one, and not stored.
 *
 * <p>Per step of {@value #DEPTH} columns a group reads 8 KB of inputs and, of Q8_0, 4.5 KB of weights. With these it
 * executes 384 matrix instructions of 2,048 multiply-adds, three for each multiply-add of the product: 262,144 of
 * these, 20 per byte.
 *
 * <p>Sums leave the registers of a warp only as stores of whole fragments to a device array, so bias and function are
 * applied to what is read back from there.
 *
 * <p>Shared by few work-groups, each of which computes every n-th tile. {@link ProductShape} describes {@code shape}.
 */
public final class LinearTensorKernels {
    /** Work-items of a work-group. */
    public static final int ITEMS = 256;

    /** Tokens of a tile. */
    public static final int TOKENS = 64;

    /** Rows of a tile. */
    public static final int ROWS = 128;

    /** Largest number of work-groups. */
    public static final int MOST_GROUPS = 128;

    /** Bytes of local memory of a work-group. */
    public static final int LOCAL_BYTES = 48 << 10;

    private static final int DEPTH = 32;

    /** Depth of a matrix instruction. */
    private static final int STEP = 16;

    /** Bytes of one block of inputs and of one of weights, and the blocks of one step. */
    private static final int INPUT_BLOCK = 512;

    private static final int INPUT_BLOCKS = TOKENS / 16;
    private static final int WEIGHT_BLOCK = 256;
    private static final int WEIGHT_BLOCKS = ROWS / 8;

    /** Distance in words from the first parts of the inputs to the second ones, and of the weights. */
    private static final int INPUT_REST = 1024;

    private static final int WEIGHT_REST = 2048;

    /** Words of both parts of the inputs of one step, and of the weights. */
    private static final int INPUT_WORDS = 2 * INPUT_REST;

    private static final int WEIGHT_WORDS = 2 * WEIGHT_REST;

    private LinearTensorKernels() {}

    /** {@return the elements of the array through which the groups of a product pass their sums} */
    public static int sumElements() {
        return MOST_GROUPS * 2 * TOKENS * ROWS;
    }

    /** {@return the tiles of a product} */
    public static long tiles(int rows, int tokens) {
        return (long) Math.ceilDiv(rows, ROWS) * Math.ceilDiv(tokens, TOKENS);
    }

    /**
     * For many tokens. Longer than other kernels, because fragments are local variables that no method takes.
     *
     * @param sums [work-groups][parts][{@value #TOKENS}][{@value #ROWS}], written and read
     */
    public static void panelByTensor(
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
        float[] values = new float[8];
        int[] words = new int[8];
        int[] headers = new int[12];
        int item = context.localIdx;
        int warp = item >> 5;
        int warpTokens = (warp & 1) * 2;
        int warpRows = (warp >> 1) * 4;
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int tokens = step.get(Step.ROWS);
        int parts = GateKernels.parts(function, tokens);
        int panels = (rows + Panels.ROWS - 1) >> 3;
        int tokenTiles = (tokens + TOKENS - 1) >> 6;
        int tiles = tokenTiles * ((rows + ROWS - 1) >> 7);
        // This item's words of the operands: a pair of columns of every 16th token, and four columns of two rows of
        // every
        // eighth panel.
        int pair = item & 15;
        int inputAt = (pair >> 3) * INPUT_BLOCKS * 128 + (pair & 7) + (item >> 4) * 8;
        int rowPair = item & 3;
        int four = ((item >> 2) & 7) * 4;
        int weightAt = (four >> 4) * WEIGHT_BLOCKS * 64 + (four & 15) * 4 + rowPair + 64 * warp;
        int turn = 0;
        for (int tile = context.groupIdx; tile < tiles; tile += MOST_GROUPS) {
            int firstRow = tile / tokenTiles * ROWS;
            int firstToken = tile % tokenTiles * TOKENS;
            int panel = (firstRow >> 3) + warp;
            int token = firstToken + (item >> 4);
            for (int part = 0; part < parts; part++) {
                int start = step.get(shape.get(ProductShape.START_INDEX))
                        + part * panels * Panels.panelWords(columns, layout)
                        + 2 * rowPair;
                float[] c00 = context.mmaFragment(0f);
                float[] c01 = context.mmaFragment(0f);
                float[] c02 = context.mmaFragment(0f);
                float[] c03 = context.mmaFragment(0f);
                float[] c10 = context.mmaFragment(0f);
                float[] c11 = context.mmaFragment(0f);
                float[] c12 = context.mmaFragment(0f);
                float[] c13 = context.mmaFragment(0f);
                loadInputs(x, values, 4, token, 16, tokens - 1, 2 * pair, columns);
                for (int i = 0; i < 2; i++) {
                    int at = start + TornadoMath.min(panel + 8 * i, panels - 1) * Panels.panelWords(columns, layout);
                    loadWeights(w, words, headers, i, at + Panels.block(four, layout), four, layout);
                }
                for (int first = 0; first < columns; first += DEPTH) {
                    for (int i = 0; i < 4; i++) {
                        float x0 = values[2 * i];
                        float x1 = values[2 * i + 1];
                        int at = turn * INPUT_WORDS + inputAt + i * 128;
                        inputs[at] = packed(x0, x1);
                        inputs[at + INPUT_REST] = packed(rest(x0), rest(x1));
                    }
                    for (int i = 0; i < 2; i++) {
                        for (int k = 0; k < 4; k++) {
                            float w0 = weight(words, headers, 2 * i, first + four + k, layout);
                            float w1 = weight(words, headers, 2 * i + 1, first + four + k, layout);
                            int to = turn * WEIGHT_WORDS + weightAt + 64 * 8 * i + 4 * k;
                            weights[to] = packed(w0, w1);
                            weights[to + WEIGHT_REST] = packed(rest(w0), rest(w1));
                        }
                    }
                    context.localBarrier();
                    // The operands of the next step are under way while warps multiply; after the last one, its own.
                    int next = TornadoMath.min(first + DEPTH, columns - DEPTH);
                    loadInputs(x, values, 4, token, 16, tokens - 1, next + 2 * pair, columns);
                    for (int i = 0; i < 2; i++) {
                        int at =
                                start + TornadoMath.min(panel + 8 * i, panels - 1) * Panels.panelWords(columns, layout);
                        loadWeights(w, words, headers, i, at + Panels.block(next + four, layout), next + four, layout);
                    }
                    for (int half = 0; half < DEPTH / STEP; half++) {
                        int a = turn * 4 * INPUT_WORDS + (half * INPUT_BLOCKS + warpTokens) * INPUT_BLOCK;
                        int b = turn * 4 * WEIGHT_WORDS + (half * WEIGHT_BLOCKS + warpRows) * WEIGHT_BLOCK;
                        HalfFloat[] a0 = context.mmaLoadA(inputs, STEP, a);
                        HalfFloat[] a0Rest = context.mmaLoadA(inputs, STEP, a + 4 * INPUT_REST);
                        HalfFloat[] a1 = context.mmaLoadA(inputs, STEP, a + INPUT_BLOCK);
                        HalfFloat[] a1Rest = context.mmaLoadA(inputs, STEP, a + INPUT_BLOCK + 4 * INPUT_REST);
                        HalfFloat[] b0 = context.mmaLoadB(weights, STEP, b);
                        HalfFloat[] b0Rest = context.mmaLoadB(weights, STEP, b + 4 * WEIGHT_REST);
                        c00 = context.mmaBF16(a0Rest, b0, c00, MMAShape.M16N8K16);
                        c10 = context.mmaBF16(a1Rest, b0, c10, MMAShape.M16N8K16);
                        c00 = context.mmaBF16(a0, b0Rest, c00, MMAShape.M16N8K16);
                        c10 = context.mmaBF16(a1, b0Rest, c10, MMAShape.M16N8K16);
                        c00 = context.mmaBF16(a0, b0, c00, MMAShape.M16N8K16);
                        c10 = context.mmaBF16(a1, b0, c10, MMAShape.M16N8K16);
                        HalfFloat[] b1 = context.mmaLoadB(weights, STEP, b + WEIGHT_BLOCK);
                        HalfFloat[] b1Rest = context.mmaLoadB(weights, STEP, b + WEIGHT_BLOCK + 4 * WEIGHT_REST);
                        c01 = context.mmaBF16(a0Rest, b1, c01, MMAShape.M16N8K16);
                        c11 = context.mmaBF16(a1Rest, b1, c11, MMAShape.M16N8K16);
                        c01 = context.mmaBF16(a0, b1Rest, c01, MMAShape.M16N8K16);
                        c11 = context.mmaBF16(a1, b1Rest, c11, MMAShape.M16N8K16);
                        c01 = context.mmaBF16(a0, b1, c01, MMAShape.M16N8K16);
                        c11 = context.mmaBF16(a1, b1, c11, MMAShape.M16N8K16);
                        HalfFloat[] b2 = context.mmaLoadB(weights, STEP, b + 2 * WEIGHT_BLOCK);
                        HalfFloat[] b2Rest = context.mmaLoadB(weights, STEP, b + 2 * WEIGHT_BLOCK + 4 * WEIGHT_REST);
                        c02 = context.mmaBF16(a0Rest, b2, c02, MMAShape.M16N8K16);
                        c12 = context.mmaBF16(a1Rest, b2, c12, MMAShape.M16N8K16);
                        c02 = context.mmaBF16(a0, b2Rest, c02, MMAShape.M16N8K16);
                        c12 = context.mmaBF16(a1, b2Rest, c12, MMAShape.M16N8K16);
                        c02 = context.mmaBF16(a0, b2, c02, MMAShape.M16N8K16);
                        c12 = context.mmaBF16(a1, b2, c12, MMAShape.M16N8K16);
                        HalfFloat[] b3 = context.mmaLoadB(weights, STEP, b + 3 * WEIGHT_BLOCK);
                        HalfFloat[] b3Rest = context.mmaLoadB(weights, STEP, b + 3 * WEIGHT_BLOCK + 4 * WEIGHT_REST);
                        c03 = context.mmaBF16(a0Rest, b3, c03, MMAShape.M16N8K16);
                        c13 = context.mmaBF16(a1Rest, b3, c13, MMAShape.M16N8K16);
                        c03 = context.mmaBF16(a0, b3Rest, c03, MMAShape.M16N8K16);
                        c13 = context.mmaBF16(a1, b3Rest, c13, MMAShape.M16N8K16);
                        c03 = context.mmaBF16(a0, b3, c03, MMAShape.M16N8K16);
                        c13 = context.mmaBF16(a1, b3, c13, MMAShape.M16N8K16);
                    }
                    turn = 1 - turn;
                }
                int sumRow = (context.groupIdx * 2 + part) * TOKENS + 16 * warpTokens;
                context.mmaStore(c00, sums, sumRow, 8 * warpRows, ROWS);
                context.mmaStore(c01, sums, sumRow, 8 * warpRows + 8, ROWS);
                context.mmaStore(c02, sums, sumRow, 8 * warpRows + 16, ROWS);
                context.mmaStore(c03, sums, sumRow, 8 * warpRows + 24, ROWS);
                context.mmaStore(c10, sums, sumRow + 16, 8 * warpRows, ROWS);
                context.mmaStore(c11, sums, sumRow + 16, 8 * warpRows + 8, ROWS);
                context.mmaStore(c12, sums, sumRow + 16, 8 * warpRows + 16, ROWS);
                context.mmaStore(c13, sums, sumRow + 16, 8 * warpRows + 24, ROWS);
            }
            context.globalBarrier();
            int row = firstRow + (item & (ROWS - 1));
            int biasStride = shape.get(ProductShape.BIAS_STRIDE);
            int layer = step.get(Step.LAYER);
            for (int inTile = item >> 7; inTile < TOKENS; inTile += ITEMS >> 7) {
                if (row < rows && firstToken + inTile < tokens) {
                    int at = context.groupIdx * 2 * TOKENS * ROWS + inTile * ROWS + (item & (ROWS - 1));
                    float gate = sums.get(at) + LinearTileKernels.offset(bias, biasStride, layer, 0, row, rows);
                    float up = gate;
                    if (GateKernels.parts(function) == 2) {
                        up = sums.get(at + TOKENS * ROWS)
                                + LinearTileKernels.offset(bias, biasStride, layer, rows, row, rows);
                    }
                    y.set((firstToken + inTile) * rows + row, GateKernels.activated(gate, up, function));
                }
            }
            context.globalBarrier();
        }
    }

    /**
     * Loads two neighbouring columns of some tokens.
     *
     * @param values receives them, [count][2]
     * @param token the first token
     * @param step distance of the tokens
     * @param last last token, which is read in place of tokens beyond it
     * @param column the first column
     * @param columns columns of a token
     */
    static void loadInputs(
            FloatArray x, float[] values, int count, int token, int step, int last, int column, int columns) {
        for (int i = 0; i < count; i++) {
            int source = TornadoMath.min(token + i * step, last) * columns + column;
            values[2 * i] = x.get(source);
            values[2 * i + 1] = x.get(source + 1);
        }
    }

    /**
     * Loads what {@link #weight} takes for four columns of two neighbouring rows.
     *
     * @param words receives words of numbers: [pairs of rows][2 rows][low, high]
     * @param headers receives words of headers: [pairs of rows][2 rows][3]
     * @param pair number of the pair of rows
     * @param at word 0 of the first row's block
     * @param column the first of the columns
     */
    static void loadWeights(IntArray w, int[] words, int[] headers, int pair, int at, int column, int layout) {
        for (int row = 0; row < 2; row++) {
            int i = 2 * pair + row;
            words[2 * i] = w.get(at + row + Panels.ROWS * Panels.lowWord(column, layout));
            if (Panels.hasHighWord(layout) > 0) {
                words[2 * i + 1] = w.get(at + row + Panels.ROWS * Panels.highWord(column, layout));
            }
            headers[3 * i] = Panels.header(w, at + row, 0, column, layout);
            headers[3 * i + 1] = Panels.header(w, at + row, 1, column, layout);
            headers[3 * i + 2] = Panels.header(w, at + row, 2, column, layout);
        }
    }

    /** {@return a weight of row {@code i} of those that are loaded} */
    static float weight(int[] words, int[] headers, int i, int column, int layout) {
        int w0 = headers[3 * i];
        int w1 = headers[3 * i + 1];
        return Panels.number(words[2 * i], words[2 * i + 1], column, layout) * Panels.scale(w0, w1, column, layout)
                + Panels.offset(w0, w1, headers[3 * i + 2], column, layout);
    }

    /** {@return two numbers as bf16, the first in the lower half of the word} */
    static int packed(float low, float high) {
        return (bits(low) & 0xFFFF) | (bits(high) << 16);
    }

    /** {@return what the nearest bf16 leave of two values, as bf16, the first in the lower half of the word} */
    static int packedRests(float low, float high) {
        return packed(rest(low), rest(high));
    }

    /**
     * {@return the bits of the nearest bf16 in the lower half of a word; the upper half is of no use} The difference is
     * of int in the generated code. Without it the word would be a short there, and lose the upper half.
     */
    private static int bits(float value) {
        return ~(0xFFFF - BFloat16.bf16FromFloat(value));
    }

    /** {@return what the nearest bf16 leaves of a value} */
    static float rest(float value) {
        return value - BFloat16.bf16ToFloat(BFloat16.bf16FromFloat(value));
    }
}
