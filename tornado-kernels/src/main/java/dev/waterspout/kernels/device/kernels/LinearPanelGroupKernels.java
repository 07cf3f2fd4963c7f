package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
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
            int rowsIndex,
            int format,
            int items) {
        float[] sums = context.allocateFloatLocalArray(LinearGroupKernels.MOST_ITEMS);
        int item = context.localIdx;
        int panel = context.groupIdx;
        int token = context.globalIdy;
        int start = step.get(startIndex) + panel * Panels.panelWords(columns, format) + (item & (ROWS - 1));
        float sum = 0f;
        for (int first = (item >> 3) * Panels.group(format);
                first < columns;
                first += (items >> 3) * Panels.group(format)) {
            int at = start + Panels.block(first, format);
            int w0 = header(w, at, 0, first, format);
            int w1 = header(w, at, 1, first, format);
            int w2 = header(w, at, 2, first, format);
            int w3 = header(w, at, 3, first, format);
            float dot = 0f;
            float inputs = 0f;
            for (int c = first; c < first + Panels.group(format); c += 4) {
                int source = token * columns + c;
                float x0 = x.get(source);
                float x1 = x.get(source + 1);
                float x2 = x.get(source + 2);
                float x3 = x.get(source + 3);
                inputs += (x0 + x1) + (x2 + x3);
                int low = w.get(at + ROWS * Panels.lowWord(c, format));
                int high = low;
                if (Panels.hasHighWord(format) > 0) {
                    high = w.get(at + ROWS * Panels.highWord(c, format));
                }
                dot += (Panels.number(low, high, c, format) * x0 + Panels.number(low, high, c + 1, format) * x1)
                        + (Panels.number(low, high, c + 2, format) * x2 + Panels.number(low, high, c + 3, format) * x3);
            }
            sum += dot * Panels.scale(w0, w1, w3, first, format) + Panels.offset(w0, w2, w3, first, format) * inputs;
        }
        sums[item] = sum;
        for (int half = items >> 1; half >= ROWS; half >>= 1) {
            context.localBarrier();
            if (item < half) {
                sums[item] += sums[item + half];
            }
        }
        int row = panel * ROWS + item;
        if (item < ROWS && row < rows && token < step.get(rowsIndex)) {
            float total = sums[item];
            if (biasStride > 0) {
                total += bias.get(step.get(Step.LAYER) * biasStride + row);
            }
            y.set(token * rows + row, total);
        }
    }

    private static int header(IntArray w, int at, int index, int column, int format) {
        int word = 0;
        if (index < Panels.headerWords(format)) {
            word = w.get(at + ROWS * Panels.headerWord(index, column, format));
        }
        return word;
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
            int rowsIndex,
            int format,
            int perItem) {
        float[] weights = context.allocateFloatLocalArray(TILE * STRIDE);
        float[] inputs = context.allocateFloatLocalArray(LinearTileKernels.PER_ITEM * TILE * STRIDE);
        float[] sums = new float[LinearTileKernels.PER_ITEM];
        int itemX = context.localIdx;
        int itemY = context.localIdy;
        int row = context.globalIdx;
        int firstToken = context.groupIdy * (perItem * TILE) + itemY;
        int tokens = step.get(rowsIndex);
        int start = step.get(startIndex);
        // Neighbouring work-items read the same word of neighbouring rows.
        for (int i = 0; i < LinearTileKernels.PER_ITEM; i++) {
            sums[i] = 0f;
        }
        for (int first = 0; first < columns; first += TILE) {
            float weight = 0f;
            if (row < rows) {
                weight = Panels.weight(w, start, row, columns, first + itemY, format);
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
        if (row < rows) {
            float offset = 0f;
            if (biasStride > 0) {
                offset = bias.get(step.get(Step.LAYER) * biasStride + row);
            }
            for (int i = 0; i < perItem; i++) {
                int token = firstToken + i * TILE;
                if (token < tokens) {
                    y.set(token * rows + row, sums[i] + offset);
                }
            }
        }
    }
}
