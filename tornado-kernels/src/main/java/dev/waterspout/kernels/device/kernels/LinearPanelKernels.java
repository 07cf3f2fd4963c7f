package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearKernels} with weights in {@link Panels}, with one work-item per panel, for CPUs. Loops
 * over the rows of a panel use private arrays, so that a CPU's compiler makes vectors of them: the eight words that are
 * loaded together, their numbers, and the sums of eight rows.
 *
 * <p>TornadoVM replaces a loop that counts to a constant by copies of its body, and a CPU's compiler then needs several
 * times as long for the source. Loops over rows, and over the columns of a group, therefore end where a bit of the
 * counter becomes set. TornadoVM keeps such loops, and the device's compiler finds their length.
 *
 * <p>{@link ProductShape} describes {@code shape}.
 */
public final class LinearPanelKernels {
    /** Largest number of tokens of a run. */
    public static final int MOST_TOKENS = 16;

    private static final int ROWS = Panels.ROWS;

    private LinearPanelKernels() {}

    /** One token after the other: x is the panel. */
    public static void panelByToken(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int function,
            int format) {
        int[] low = new int[ROWS];
        int[] high = new int[ROWS];
        int[] header = new int[Panels.HEADER_WORDS * ROWS];
        float[] scales = new float[ROWS];
        float[] offsets = new float[ROWS];
        float[] dots = new float[ROWS];
        float[] sums = new float[ROWS];
        float[] gates = new float[ROWS];
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int biasStride = shape.get(ProductShape.BIAS_STRIDE);
        int panel = context.globalIdx;
        int panels = (rows + ROWS - 1) >> 3;
        if (panel < panels) {
            int layer = step.get(Step.LAYER);
            int tokens = step.get(Step.ROWS);
            int matrix = step.get(shape.get(ProductShape.START_INDEX));
            int parts = GateKernels.parts(function, tokens);
            for (int token = 0; token < tokens; token++) {
                for (int part = 0; part < parts; part++) {
                    int start = matrix + (part * panels + panel) * Panels.panelWords(columns, format);
                    for (int r = 0; (r & ROWS) == 0; r++) {
                        gates[r] = sums[r];
                        sums[r] = 0f;
                    }
                    addProducts(
                            w,
                            x,
                            start,
                            token * Panels.inputStride(columns, format),
                            columns,
                            low,
                            high,
                            header,
                            scales,
                            offsets,
                            dots,
                            sums,
                            format);
                    for (int r = 0; (r & ROWS) == 0; r++) {
                        int row = TornadoMath.min(panel * ROWS + r, rows - 1);
                        sums[r] += offset(bias, biasStride, layer, part * rows + row);
                    }
                }
                for (int i = 0; (i & ROWS) == 0; i++) {
                    // Rows beyond the last one write to it before it is written. A guard instead, which is always
                    // true for the first row, makes TornadoVM's compilation fail.
                    int r = ROWS - 1 - i;
                    int row = TornadoMath.min(panel * ROWS + r, rows - 1);
                    y.set(token * rows + row, GateKernels.activated(gates[r], sums[r], function));
                }
            }
        }
    }

    /**
     * Adds the products of a panel's rows and an input to the rows' sums. Of an input of {@link RoundingKernels} each
     * group's sum is exact; groups are added in ascending order, with the host's bits.
     *
     * @param start word at which the panel begins
     * @param source element of {@code x} at which the input begins
     * @param low working memory, as all arrays up to {@code dots}
     */
    static void addProducts(
            IntArray w,
            FloatArray x,
            int start,
            int source,
            int columns,
            int[] low,
            int[] high,
            int[] header,
            float[] scales,
            float[] offsets,
            float[] dots,
            float[] sums,
            int format) {
        for (int first = 0; first < columns; first += Panels.group(format)) {
            int at = start + Panels.block(first, format);
            readHeader(w, at, first, header, scales, offsets, format);
            for (int r = 0; (r & ROWS) == 0; r++) {
                dots[r] = 0f;
            }
            float inputs = 0f;
            for (int c = 0; (c & Panels.group(format)) == 0; c += 4) {
                int from = source + first + c;
                float x0 = x.get(from);
                float x1 = x.get(from + 1);
                float x2 = x.get(from + 2);
                float x3 = x.get(from + 3);
                inputs += (x0 + x1) + (x2 + x3);
                readNumbers(w, at, first + c, low, high, format);
                for (int r = 0; (r & ROWS) == 0; r++) {
                    float n0 = Panels.number(low[r], high[r], first + c, format);
                    float n1 = Panels.number(low[r], high[r], first + c + 1, format);
                    float n2 = Panels.number(low[r], high[r], first + c + 2, format);
                    float n3 = Panels.number(low[r], high[r], first + c + 3, format);
                    dots[r] += (n0 * x0 + n1 * x1) + (n2 * x2 + n3 * x3);
                }
            }
            if (Panels.roundsInputs(format) > 0) {
                float inputScale = x.get(source + columns + (first >> 5));
                for (int r = 0; (r & ROWS) == 0; r++) {
                    sums[r] = ByteMath.addProduct(dots[r], scales[r] * inputScale, sums[r]);
                }
                if (Panels.hasOffsets(format) > 0) {
                    float inputSum = inputs * inputScale;
                    for (int r = 0; (r & ROWS) == 0; r++) {
                        sums[r] = ByteMath.addProduct(offsets[r], inputSum, sums[r]);
                    }
                }
            } else {
                for (int r = 0; (r & ROWS) == 0; r++) {
                    sums[r] += dots[r] * scales[r] + offsets[r] * inputs;
                }
            }
        }
    }

    /** Weights are unpacked once for a run of {@code perItem} tokens: x is the panel. */
    public static void panelByRun(
            KernelContext context,
            IntArray step,
            IntArray shape,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int function,
            int format,
            int perItem) {
        int[] low = new int[ROWS];
        int[] high = new int[ROWS];
        int[] header = new int[Panels.HEADER_WORDS * ROWS];
        float[] scales = new float[ROWS];
        float[] offsets = new float[ROWS];
        float[] weights = new float[32 * ROWS];
        float[] dots = new float[ROWS];
        float[] sums = new float[MOST_TOKENS * ROWS];
        float[] gates = new float[MOST_TOKENS * ROWS];
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int biasStride = shape.get(ProductShape.BIAS_STRIDE);
        int panel = context.globalIdx;
        int panels = (rows + ROWS - 1) >> 3;
        if (panel < panels) {
            int layer = step.get(Step.LAYER);
            int tokens = step.get(Step.ROWS);
            int matrix = step.get(shape.get(ProductShape.START_INDEX));
            int parts = GateKernels.parts(function, tokens);
            for (int run = 0; run < tokens; run += perItem) {
                int count = TornadoMath.min(perItem, tokens - run);
                for (int part = 0; part < parts; part++) {
                    int start = matrix + (part * panels + panel) * Panels.panelWords(columns, format);
                    for (int i = 0; i < count * ROWS; i++) {
                        gates[i] = sums[i];
                        sums[i] = 0f;
                    }
                    for (int first = 0; first < columns; first += Panels.group(format)) {
                        int at = start + Panels.block(first, format);
                        readHeader(w, at, first, header, scales, offsets, format);
                        for (int c = 0; (c & Panels.group(format)) == 0; c += 4) {
                            readNumbers(w, at, first + c, low, high, format);
                            for (int r = 0; (r & ROWS) == 0; r++) {
                                for (int k = 0; k < 4; k++) {
                                    float number = Panels.number(low[r], high[r], first + c + k, format);
                                    if (Panels.roundsInputs(format) == 0) {
                                        number = number * scales[r] + offsets[r];
                                    }
                                    weights[(c + k) * ROWS + r] = number;
                                }
                            }
                        }
                        for (int t = 0; t < count; t++) {
                            int source = (run + t) * Panels.inputStride(columns, format);
                            if (Panels.roundsInputs(format) > 0) {
                                addRounded(
                                        x, source, first, columns, weights, scales, offsets, dots, sums, t * ROWS,
                                        format);
                            } else {
                                addFloats(x, source + first, weights, dots, sums, t * ROWS, format);
                            }
                        }
                    }
                    for (int r = 0; (r & ROWS) == 0; r++) {
                        int row = TornadoMath.min(panel * ROWS + r, rows - 1);
                        float offset = offset(bias, biasStride, layer, part * rows + row);
                        for (int t = 0; t < count; t++) {
                            sums[t * ROWS + r] += offset;
                        }
                    }
                }
                for (int t = 0; t < count; t++) {
                    for (int i = 0; (i & ROWS) == 0; i++) {
                        int r = ROWS - 1 - i;
                        int row = TornadoMath.min(panel * ROWS + r, rows - 1);
                        float gate = gates[t * ROWS + r];
                        y.set((run + t) * rows + row, GateKernels.activated(gate, sums[t * ROWS + r], function));
                    }
                }
            }
        }
    }

    /** Adds the products of a group's weights and a token's inputs to the token's sums. */
    private static void addFloats(
            FloatArray x, int source, float[] weights, float[] dots, float[] sums, int at, int format) {
        for (int r = 0; (r & ROWS) == 0; r++) {
            dots[r] = sums[at + r];
        }
        for (int c = 0; (c & Panels.group(format)) == 0; c++) {
            float input = x.get(source + c);
            for (int r = 0; (r & ROWS) == 0; r++) {
                dots[r] += weights[c * ROWS + r] * input;
            }
        }
        for (int r = 0; (r & ROWS) == 0; r++) {
            sums[at + r] = dots[r];
        }
    }

    /** The same with rounded inputs; weights are numbers without scale and offset. */
    private static void addRounded(
            FloatArray x,
            int source,
            int first,
            int columns,
            float[] numbers,
            float[] scales,
            float[] offsets,
            float[] dots,
            float[] sums,
            int at,
            int format) {
        for (int r = 0; (r & ROWS) == 0; r++) {
            dots[r] = 0f;
        }
        float inputs = 0f;
        for (int c = 0; (c & Panels.group(format)) == 0; c++) {
            float input = x.get(source + first + c);
            inputs += input;
            for (int r = 0; (r & ROWS) == 0; r++) {
                dots[r] += numbers[c * ROWS + r] * input;
            }
        }
        float inputScale = x.get(source + columns + (first >> 5));
        float inputSum = inputs * inputScale;
        for (int r = 0; (r & ROWS) == 0; r++) {
            float sum = ByteMath.addProduct(dots[r], scales[r] * inputScale, sums[at + r]);
            if (Panels.hasOffsets(format) > 0) {
                sum = ByteMath.addProduct(offsets[r], inputSum, sum);
            }
            sums[at + r] = sum;
        }
    }

    static float offset(FloatArray bias, int biasStride, int layer, int row) {
        float offset = 0f;
        if (biasStride > 0) {
            offset = bias.get(layer * biasStride + row);
        }
        return offset;
    }

    private static void readHeader(
            IntArray w, int at, int column, int[] header, float[] scales, float[] offsets, int format) {
        for (int i = 0; i < Panels.headerWords(format); i++) {
            int from = at + ROWS * Panels.headerWord(i, column, format);
            for (int r = 0; (r & ROWS) == 0; r++) {
                header[i * ROWS + r] = w.get(from + r);
            }
        }
        for (int r = 0; (r & ROWS) == 0; r++) {
            int w0 = header[r];
            int w1 = header[ROWS + r];
            int w2 = header[2 * ROWS + r];
            scales[r] = Panels.scale(w0, w1, column, format);
            offsets[r] = Panels.offset(w0, w1, w2, column, format);
        }
    }

    private static void readNumbers(IntArray w, int at, int column, int[] low, int[] high, int format) {
        int lowAt = at + ROWS * Panels.lowWord(column, format);
        for (int r = 0; (r & ROWS) == 0; r++) {
            low[r] = w.get(lowAt + r);
        }
        if (Panels.hasHighWord(format) > 0) {
            int highAt = at + ROWS * Panels.highWord(column, format);
            for (int r = 0; (r & ROWS) == 0; r++) {
                high[r] = w.get(highAt + r);
            }
        }
    }
}
