package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearKernels} for many tokens on GPUs. A work-group computes a tile of {@link #TILE} output
 * rows (x) by {@link #TILE} tokens (y) per token of a work-item, and reads every weight and every input once into local
 * memory.
 */
public final class LinearTileKernels {
    /** Edge of a tile. */
    public static final int TILE = 16;

    /** Largest number of tokens per work-item. */
    public static final int PER_ITEM = 4;

    /**
     * Distance of two rows in local memory: one more than a tile, so that the elements of a column are in different
     * banks.
     */
    private static final int STRIDE = TILE + 1;

    private LinearTileKernels() {}

    /** Weights of f32; {@code perItem} tokens per work-item, at most {@link #PER_ITEM}. */
    public static void tileFloats(
            KernelContext context,
            IntArray step,
            FloatArray w,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int rows,
            int columns,
            int startIndex,
            int biasStride,
            int function,
            int perItem) {
        float[] weights = context.allocateFloatLocalArray(TILE * STRIDE);
        float[] inputs = context.allocateFloatLocalArray(PER_ITEM * TILE * STRIDE);
        float[] sums = new float[PER_ITEM];
        float[] gates = new float[PER_ITEM];
        int itemX = context.localIdx;
        int itemY = context.localIdy;
        int row = context.globalIdx;
        int weightRow = row - itemX + itemY;
        int firstToken = context.groupIdy * (perItem * TILE) + itemY;
        int tokens = step.get(Step.ROWS);
        int parts = GateKernels.parts(function, tokens);
        for (int part = 0; part < parts; part++) {
            int partRow = part * rows;
            float offset = offset(bias, biasStride, step.get(Step.LAYER), partRow, row, rows);
            for (int i = 0; i < PER_ITEM; i++) {
                gates[i] = sums[i];
                sums[i] = 0f;
            }
            for (int first = 0; first < columns; first += TILE) {
                int c = first + itemX;
                float weight = 0f;
                if (c < columns && weightRow < rows) {
                    weight = w.get(step.get(startIndex) + (partRow + weightRow) * columns + c);
                }
                weights[itemY * STRIDE + itemX] = weight;
                for (int i = 0; i < perItem; i++) {
                    int token = firstToken + i * TILE;
                    float input = 0f;
                    if (c < columns && token < tokens) {
                        input = x.get(token * columns + c);
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
            put(y, gates, sums, firstToken, tokens, rows, row, function, perItem);
        }
    }

    /** Returns the bias of a row of a part; 0 for rows beyond the last one. */
    static float offset(FloatArray bias, int biasStride, int layer, int partRow, int row, int rows) {
        float offset = 0f;
        if (biasStride > 0 && row < rows) {
            offset = bias.get(layer * biasStride + partRow + row);
        }
        return offset;
    }

    /** Stores a work-item's outputs, one per token. */
    static void put(
            FloatArray y,
            float[] gates,
            float[] sums,
            int firstToken,
            int tokens,
            int rows,
            int row,
            int function,
            int perItem) {
        for (int i = 0; i < perItem; i++) {
            int token = firstToken + i * TILE;
            if (token < tokens) {
                y.set(token * rows + row, GateKernels.activated(gates[i], sums[i], function));
            }
        }
    }
}
