package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearPanelGroupKernels#panelByTile} with inputs of {@link RoundingKernels}, with the bits of
 * the host: a sum over a group of columns is an exact integer, and groups are added in ascending order.
 */
public final class RoundedTileKernels {
    private static final int ROWS = Panels.ROWS;
    private static final int TILE = LinearTileKernels.TILE;

    /** Distance of two rows in local memory: elements of a column are in different banks. */
    private static final int STRIDE = TILE + 1;

    private RoundedTileKernels() {}

    /**
     * A work-group computes a tile of 16 rows (x) by {@code 16 x perItem} tokens (y), {@code perItem} of at most
     * {@link LinearTileKernels#PER_ITEM} tokens per work-item.
     *
     * @param shape {@link ProductShape}
     * @param x rows of {@link Panels#inputStride} elements
     * @param y [rows][outputs]
     */
    public static void roundedByTile(
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
        float[] weights = context.allocateFloatLocalArray(TILE * STRIDE);
        float[] inputs = context.allocateFloatLocalArray(LinearTileKernels.PER_ITEM * TILE * STRIDE);
        float[] dots = new float[LinearTileKernels.PER_ITEM];
        float[] inputSums = new float[LinearTileKernels.PER_ITEM];
        float[] sums = new float[LinearTileKernels.PER_ITEM];
        float[] gates = new float[LinearTileKernels.PER_ITEM];
        int itemX = context.localIdx;
        int itemY = context.localIdy;
        int row = context.globalIdx;
        int firstToken = context.groupIdy * (perItem * TILE) + itemY;
        int tokens = step.get(Step.ROWS);
        int rows = shape.get(ProductShape.ROWS);
        int columns = shape.get(ProductShape.COLUMNS);
        int biasStride = shape.get(ProductShape.BIAS_STRIDE);
        int stride = Panels.inputStride(columns, format);
        int panels = (rows + ROWS - 1) >> 3;
        int parts = GateKernels.parts(function, tokens);
        for (int part = 0; part < parts; part++) {
            float offset = LinearTileKernels.offset(bias, biasStride, step.get(Step.LAYER), part * rows, row, rows);
            int start = step.get(shape.get(ProductShape.START_INDEX))
                    + (part * panels + (row >> 3)) * Panels.panelWords(columns, format)
                    + (row & (ROWS - 1));
            for (int i = 0; i < LinearTileKernels.PER_ITEM; i++) {
                gates[i] = sums[i];
                sums[i] = 0f;
            }
            for (int first = 0; first < columns; first += TILE) {
                int at = start + Panels.block(first, format);
                float weight = 0f;
                if (row < rows) {
                    weight = number(w, at, first + itemY, format);
                }
                weights[itemX * STRIDE + itemY] = weight;
                for (int i = 0; i < perItem; i++) {
                    int token = firstToken + i * TILE;
                    float input = 0f;
                    if (token < tokens) {
                        input = x.get(token * stride + first + itemX);
                    }
                    inputs[(i * TILE + itemY) * STRIDE + itemX] = input;
                }
                context.localBarrier();
                for (int i = 0; i < perItem; i++) {
                    // Whether the columns begin a group.
                    if ((first & (Panels.group(format) - 1)) == 0) {
                        dots[i] = 0f;
                        inputSums[i] = 0f;
                    }
                    for (int k = 0; k < TILE; k++) {
                        float input = inputs[(i * TILE + itemY) * STRIDE + k];
                        dots[i] += weights[itemX * STRIDE + k] * input;
                        if (Panels.hasOffsets(format) > 0) {
                            inputSums[i] += input;
                        }
                    }
                }
                context.localBarrier();
                int end = first + TILE;
                if ((end & (Panels.group(format) - 1)) == 0 && row < rows) {
                    int w0 = Panels.header(w, at, 0, first, format);
                    int w1 = Panels.header(w, at, 1, first, format);
                    float scale = Panels.scale(w0, w1, first, format);
                    for (int i = 0; i < perItem; i++) {
                        int token = firstToken + i * TILE;
                        if (token < tokens) {
                            float inputScale = x.get(token * stride + columns + (first >> 5));
                            sums[i] = ByteMath.addProduct(dots[i], scale * inputScale, sums[i]);
                            if (Panels.hasOffsets(format) > 0) {
                                int w2 = Panels.header(w, at, 2, first, format);
                                sums[i] = ByteMath.addProduct(
                                        Panels.offset(w0, w1, w2, first, format), inputSums[i] * inputScale, sums[i]);
                            }
                        }
                    }
                }
            }
            for (int i = 0; i < perItem; i++) {
                sums[i] += offset;
            }
        }
        if (row < rows) {
            LinearTileKernels.put(y, gates, sums, firstToken, tokens, rows, row, function, perItem);
        }
    }

    /** {@return the number of a column, without its scale} */
    private static float number(IntArray w, int at, int column, int format) {
        int four = column - (column & 3);
        int low = w.get(at + ROWS * Panels.lowWord(four, format));
        int high = low;
        if (Panels.hasHighWord(format) > 0) {
            high = w.get(at + ROWS * Panels.highWord(four, format));
        }
        return Panels.number(low, high, column, format);
    }
}
