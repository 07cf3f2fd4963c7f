package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearKernels} with weights in {@link Panels}, for GPUs. Neighbouring work-items read
 * neighbouring words of 4 bytes.
 */
public final class LinearPanelGroupKernels {
    private static final int ROWS = Panels.ROWS;
    private static final int TILE = LinearTileKernels.TILE;

    /** Distance of two rows in local memory: elements of a column are in different banks. */
    private static final int STRIDE = TILE + 1;

    private LinearPanelGroupKernels() {}

    /**
     * For a few tokens: one work-group of {@code items} per panel and token. Eight work-items have a row each, and
     * every {@code items / 8}th group of columns. x is the panel, y the token.
     */
    public static void panelByGroup(
            KernelContext context,
            IntArray step,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int rows,
            int columns,
            int startIndex,
            int biasStride,
            int function,
            int format,
            int items) {
        float[] sums = context.allocateFloatLocalArray(LinearGroupKernels.MOST_ITEMS);
        int item = context.localIdx;
        int panel = context.groupIdx;
        int token = context.globalIdy;
        int tokens = step.get(Step.ROWS);
        int parts = GateKernels.parts(function, tokens);
        int panels = (rows + ROWS - 1) >> 3;
        int row = TornadoMath.min(panel * ROWS + (item & (ROWS - 1)), rows - 1);
        float gate = 0f;
        float value = 0f;
        for (int part = 0; part < parts; part++) {
            int start = step.get(startIndex)
                    + (part * panels + panel) * Panels.panelWords(columns, format)
                    + (item & (ROWS - 1));
            sums[item] = product(w, x, start, token * columns, columns, item, items, format);
            for (int half = items >> 1; half >= ROWS; half >>= 1) {
                context.localBarrier();
                if (item < half) {
                    sums[item] += sums[item + half];
                }
            }
            gate = value;
            value = sums[item];
            if (biasStride > 0) {
                value += bias.get(step.get(Step.LAYER) * biasStride + part * rows + row);
            }
            context.localBarrier();
        }
        if (item < ROWS && panel * ROWS + item < rows && token < tokens) {
            y.set(token * rows + row, GateKernels.activated(gate, value, function));
        }
    }

    /**
     * Returns a work-item's part of the product of a row and an input: that of every {@code items / 8}th group of
     * columns.
     *
     * @param start word at which the row begins in its panel
     * @param source element of {@code x} at which the input begins
     */
    static float product(
            IntArray w, FloatArray x, int start, int source, int columns, int item, int items, int format) {
        float sum = 0f;
        for (int first = (item >> 3) * Panels.group(format);
                first < columns;
                first += (items >> 3) * Panels.group(format)) {
            int at = start + Panels.block(first, format);
            int w0 = Panels.header(w, at, 0, first, format);
            int w1 = Panels.header(w, at, 1, first, format);
            int w2 = Panels.header(w, at, 2, first, format);
            float dot = 0f;
            float inputs = 0f;
            for (int c = first; c < first + Panels.group(format); c += 4) {
                int from = source + c;
                float x0 = x.get(from);
                float x1 = x.get(from + 1);
                float x2 = x.get(from + 2);
                float x3 = x.get(from + 3);
                inputs += (x0 + x1) + (x2 + x3);
                int low = w.get(at + ROWS * Panels.lowWord(c, format));
                int high = low;
                if (Panels.hasHighWord(format) > 0) {
                    high = w.get(at + ROWS * Panels.highWord(c, format));
                }
                dot += (Panels.number(low, high, c, format) * x0 + Panels.number(low, high, c + 1, format) * x1)
                        + (Panels.number(low, high, c + 2, format) * x2 + Panels.number(low, high, c + 3, format) * x3);
            }
            sum += dot * Panels.scale(w0, w1, first, format) + Panels.offset(w0, w1, w2, first, format) * inputs;
        }
        return sum;
    }

    /**
     * For many tokens: a work-group computes a tile of 16 rows (x) by {@code 16 x perItem} tokens (y), {@code perItem}
     * of at most {@link LinearTileKernels#PER_ITEM} tokens per work-item.
     */
    public static void panelByTile(
            KernelContext context,
            IntArray step,
            IntArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int rows,
            int columns,
            int startIndex,
            int biasStride,
            int function,
            int format,
            int perItem) {
        float[] weights = context.allocateFloatLocalArray(TILE * STRIDE);
        float[] inputs = context.allocateFloatLocalArray(LinearTileKernels.PER_ITEM * TILE * STRIDE);
        float[] sums = new float[LinearTileKernels.PER_ITEM];
        float[] gates = new float[LinearTileKernels.PER_ITEM];
        int itemX = context.localIdx;
        int itemY = context.localIdy;
        int row = context.globalIdx;
        int firstToken = context.groupIdy * (perItem * TILE) + itemY;
        int tokens = step.get(Step.ROWS);
        int parts = GateKernels.parts(function, tokens);
        // Neighbouring work-items read the same word of neighbouring rows.
        for (int part = 0; part < parts; part++) {
            float offset = LinearTileKernels.offset(bias, biasStride, step.get(Step.LAYER), part * rows, row, rows);
            for (int i = 0; i < LinearTileKernels.PER_ITEM; i++) {
                gates[i] = sums[i];
                sums[i] = 0f;
            }
            for (int first = 0; first < columns; first += TILE) {
                float weight = 0f;
                if (row < rows) {
                    weight = Panels.weight(w, step.get(startIndex), part * rows + row, columns, first + itemY, format);
                }
                weights[itemX * STRIDE + itemY] = weight;
                for (int i = 0; i < perItem; i++) {
                    int token = firstToken + i * TILE;
                    float input = 0f;
                    if (token < tokens) {
                        input = x.get(token * columns + first + itemX);
                    }
                    inputs[(i * TILE + itemY) * STRIDE + itemX] = input;
                }
                context.localBarrier();
                for (int k = 0; k < TILE; k++) {
                    float value = weights[itemX * STRIDE + k];
                    for (int i = 0; i < perItem; i++) {
                        sums[i] += value * inputs[(i * TILE + itemY) * STRIDE + k];
                    }
                }
                context.localBarrier();
            }
            for (int i = 0; i < perItem; i++) {
                sums[i] += offset;
            }
        }
        if (row < rows) {
            LinearTileKernels.put(y, gates, sums, firstToken, tokens, rows, row, function, perItem);
        }
    }
}
