package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearKernels} with weights in {@link Panels}, for up to {@value #MOST_TOKENS} tokens, on
 * devices whose warps exchange values.
 *
 * <p>A work-group computes the rows of 1 to {@value #MOST_PANELS} panels for some tokens. It reads each word of weights
 * once for all these tokens, whose sums are in registers. Its warps have every n-th block of columns. A lane has one
 * row of each panel, and two times four of each 32 columns:
 *
 * <pre>
 *   lane        0 to 7           8 to 15           16 to 23           24 to 31
 *   rows        0 to 7           0 to 7            0 to 7             0 to 7
 *   columns     0-3, 16-19       4-7, 20-23        8-11, 24-27        12-15, 28-31
 * </pre>
 *
 * <p>So the 32 words that a warp loads at a time are neighbours where codes have 4 or 8 bits: 128 bytes, 4 sectors. Of
 * 16 bits, they are every second sector of 256 bytes, whose others the next load reads. Of codes or parts of codes of 1
 * or 2 bits, lanes share words: 1 or 2 sectors. The scale of 8 rows is 1 sector, and the inputs that a warp loads at a
 * time are 4 numbers in 64 bytes: 2 sectors.
 *
 * <p>The four lanes that share a row add their sums by shuffles, and the warps then add theirs in local memory, in
 * their order. This takes one barrier. The bits of an output depend on the number of warps and on the columns. They do
 * not depend on the numbers of panels and tokens.
 *
 * <p>{@link ProductShape} describes {@code shape}.
 */
public final class LinearWarpKernels {
    /** Most tokens of a work-group. */
    public static final int MOST_TOKENS = 16;

    /** Most panels of a work-group. */
    public static final int MOST_PANELS = 4;

    /** Lanes of a warp. */
    public static final int WARP = 32;

    static final int MOST_SUMS = MOST_PANELS * MOST_TOKENS;

    private static final int ROWS = Panels.ROWS;

    /** Columns of the smallest block. */
    private static final int UNIT = 32;

    /** Tokens whose products are added without a condition, so that their inputs are loaded together. */
    private static final int TOKENS_TOGETHER = 4;

    /** Work-groups per compute unit, at least, so that enough loads are under way to hide their latency. */
    private static final int LEAST_GROUPS = 4;

    /** Number of tokens from which a product is bound by loads of inputs, which more panels of a group share. */
    private static final int MANY_TOKENS = 4;

    private LinearWarpKernels() {}

    /**
     * {@return the panels of a work-group: as many as leave enough work-groups}
     *
     * @param panels panels of the outputs
     * @param tokens tokens of a work-group
     * @param computeUnits compute units of the device
     */
    public static int panels(long panels, int tokens, int computeUnits) {
        int most = MOST_PANELS;
        while (tokens < MANY_TOKENS && most > 1 && panels < (long) most * LEAST_GROUPS * computeUnits) {
            most /= 2;
        }
        return most;
    }

    /**
     * {@return the bytes of local memory of a work-group with the most panels}
     *
     * @param tokens tokens of a work-group
     * @param items work-items of a work-group
     */
    public static long localBytes(int tokens, int items) {
        return 2L * items / WARP * tokens * MOST_PANELS * ROWS * Float.BYTES;
    }

    /**
     * One work-group of {@code items} per {@code perGroup} panels (x) and {@code perItem} tokens (y). All three are
     * powers of two.
     */
    public static void panelsByWarp(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int function,
            int format,
            int perGroup,
            int perItem,
            int items) {
        float[] warps =
                context.allocateFloatLocalArray((items >> 5) * GateKernels.parts(function) * perItem * perGroup * ROWS);
        float[] sums = new float[MOST_SUMS];
        float[] gates = new float[MOST_SUMS];
        int item = context.localIdx;
        int lane = item & (WARP - 1);
        int outputs = perGroup * ROWS;
        int firstPanel = context.groupIdx * perGroup;
        int firstToken = context.groupIdy * perItem;
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int tokens = step.get(Step.ROWS);
        int parts = GateKernels.parts(function, tokens);
        int panels = (rows + ROWS - 1) >> 3;
        int count = TornadoMath.min(perItem, tokens - firstToken);
        for (int part = 0; part < parts; part++) {
            int start =
                    step.get(shape.get(ProductShape.START_INDEX)) + part * panels * Panels.panelWords(columns, format);
            for (int i = 0; i < perGroup * perItem; i++) {
                gates[i] = sums[i];
            }
            addProducts(
                    w,
                    x,
                    start,
                    firstPanel,
                    panels - 1,
                    firstToken * columns,
                    count,
                    columns,
                    item,
                    items,
                    sums,
                    format,
                    perGroup,
                    perItem);
        }
        int own = (item >> 5) * GateKernels.parts(function) * perItem * outputs + lane;
        for (int t = 0; t < perItem; t++) {
            for (int p = 0; p < perGroup; p++) {
                float sum = sums[t * perGroup + p];
                sum += context.simdShuffleDown(sum, 16);
                sum += context.simdShuffleDown(sum, 8);
                if (lane < ROWS) {
                    warps[own + t * outputs + p * ROWS] = sum;
                }
                if (GateKernels.parts(function) == 2) {
                    float gate = gates[t * perGroup + p];
                    gate += context.simdShuffleDown(gate, 16);
                    gate += context.simdShuffleDown(gate, 8);
                    if (lane < ROWS) {
                        warps[own + (perItem + t) * outputs + p * ROWS] = gate;
                    }
                }
            }
        }
        context.localBarrier();
        int biasStride = shape.get(ProductShape.BIAS_STRIDE);
        int layer = step.get(Step.LAYER);
        for (int output = item; output < count * outputs; output += items) {
            int row = firstPanel * ROWS + output % outputs;
            float gate = 0f;
            float value = 0f;
            for (int warp = 0; warp < items >> 5; warp++) {
                int at = warp * GateKernels.parts(function) * perItem * outputs + output;
                value += warps[at];
                if (GateKernels.parts(function) == 2) {
                    gate += warps[at + perItem * outputs];
                }
            }
            if (GateKernels.parts(function) == 2) {
                gate += LinearTileKernels.offset(bias, biasStride, layer, 0, row, rows);
            }
            value += LinearTileKernels.offset(
                    bias, biasStride, layer, (GateKernels.parts(function) - 1) * rows, row, rows);
            if (row < rows) {
                y.set((firstToken + output / outputs) * rows + row, GateKernels.activated(gate, value, function));
            }
        }
    }

    /**
     * Computes a work-item's parts of the sums of a work-group.
     *
     * @param start word at which the matrix begins
     * @param firstPanel first panel of the work-group
     * @param lastPanel last panel of the matrix, which is read in place of panels beyond it
     * @param source element of {@code x} at which the first token's input begins
     * @param count tokens of the work-group, at least one and {@code perItem} at most
     * @param item number of the work-item
     * @param items work-items of the work-group
     * @param sums receives the sums, [perItem][perGroup]; those of further tokens have no meaning
     */
    static void addProducts(
            IntArray w,
            FloatArray x,
            int start,
            int firstPanel,
            int lastPanel,
            int source,
            int count,
            int columns,
            int item,
            int items,
            float[] sums,
            int format,
            int perGroup,
            int perItem) {
        int[] starts = new int[MOST_PANELS];
        int[] low = new int[2 * MOST_PANELS];
        int[] high = new int[2 * MOST_PANELS];
        float[] scales = new float[2 * MOST_PANELS];
        float[] offsets = new float[2 * MOST_PANELS];
        float[] weights = new float[4 * MOST_PANELS];
        int four = ((item >> 3) & 3) * 4;
        for (int p = 0; p < perGroup; p++) {
            starts[p] = start
                    + TornadoMath.min(firstPanel + p, lastPanel) * Panels.panelWords(columns, format)
                    + (item & (ROWS - 1));
        }
        for (int i = 0; i < perGroup * perItem; i++) {
            sums[i] = 0f;
        }
        int stride = (items >> 5) * Panels.blockColumns(format);
        int first = (item >> 5) * Panels.blockColumns(format);
        while (first < columns) {
            for (int run = 0; (run & Panels.blockColumns(format)) == 0; run += runStep(format, perGroup)) {
                // All weights are loaded before the first is used.
                for (int u = 0; u < units(format, perGroup); u++) {
                    int column = first + run + u * unitStride(format, stride);
                    int in = TornadoMath.min(column, columns - UNIT);
                    for (int p = 0; p < perGroup; p++) {
                        int at = starts[p] + Panels.block(in, format);
                        int w0 = Panels.header(w, at, 0, in, format);
                        for (int half = 0; half < 2; half++) {
                            int c = in + half * 16 + four;
                            int i = (u * perGroup + p) * 2 + half;
                            low[i] = w.get(at + ROWS * Panels.lowWord(c, format));
                            if (Panels.hasHighWord(format) > 0) {
                                high[i] = w.get(at + ROWS * Panels.highWord(c, format));
                            }
                            int w1 = Panels.header(w, at, 1, c, format);
                            int w2 = Panels.header(w, at, 2, c, format);
                            float scale = Panels.scale(w0, w1, c, format);
                            float offset = Panels.offset(w0, w1, w2, c, format);
                            scales[i] = column < columns ? scale : 0f;
                            offsets[i] = column < columns ? offset : 0f;
                        }
                    }
                }
                for (int u = 0; u < units(format, perGroup); u++) {
                    int column = first + run + u * unitStride(format, stride);
                    for (int half = 0; half < 2; half++) {
                        int c = TornadoMath.min(column, columns - UNIT) + half * 16 + four;
                        for (int p = 0; p < perGroup; p++) {
                            int i = (u * perGroup + p) * 2 + half;
                            for (int k = 0; k < 4; k++) {
                                weights[4 * p + k] =
                                        Panels.number(low[i], high[i], c + k, format) * scales[i] + offsets[i];
                            }
                        }
                        if (perItem > TOKENS_TOGETHER) {
                            for (int t = 0; t < perItem; t += TOKENS_TOGETHER) {
                                if (t < count) {
                                    addTokens(
                                            x, source + c, columns, count, weights, sums, t, perGroup, TOKENS_TOGETHER);
                                }
                            }
                        } else {
                            addTokens(x, source + c, columns, count, weights, sums, 0, perGroup, perItem);
                        }
                    }
                }
            }
            first += stride * blocks(format, perGroup);
        }
    }

    /** Adds the products of four weights of each panel and some tokens. Tokens beyond the last one read its input. */
    private static void addTokens(
            FloatArray x,
            int source,
            int columns,
            int count,
            float[] weights,
            float[] sums,
            int firstToken,
            int perGroup,
            int tokens) {
        for (int i = 0; i < tokens; i++) {
            int from = source + TornadoMath.min(firstToken + i, count - 1) * columns;
            float x0 = x.get(from);
            float x1 = x.get(from + 1);
            float x2 = x.get(from + 2);
            float x3 = x.get(from + 3);
            for (int p = 0; p < perGroup; p++) {
                float sum = sums[(firstToken + i) * perGroup + p];
                sum += weights[4 * p] * x0;
                sum += weights[4 * p + 1] * x1;
                sum += weights[4 * p + 2] * x2;
                sum += weights[4 * p + 3] * x3;
                sums[(firstToken + i) * perGroup + p] = sum;
            }
        }
    }

    /** {@return the number of units of 32 columns whose weights a lane loads together: 4 of all panels together} */
    private static int units(int format, int perGroup) {
        return TornadoMath.min(MOST_PANELS / perGroup, Panels.blockColumns(format) == 64 ? 2 : MOST_PANELS);
    }

    /** {@return the number of blocks that the units are from: all from one, or blocks of one unit} */
    private static int blocks(int format, int perGroup) {
        return Panels.blockColumns(format) == UNIT ? units(format, perGroup) : 1;
    }

    /** {@return the distance in columns of two units that a lane loads together} */
    private static int unitStride(int format, int stride) {
        return Panels.blockColumns(format) == UNIT ? stride : UNIT;
    }

    /** {@return the columns of a block that a lane loads together} */
    private static int runStep(int format, int perGroup) {
        return Panels.blockColumns(format) == UNIT ? UNIT : UNIT * units(format, perGroup);
    }
}
