package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightFormat;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearKernels} for many tokens on GPUs. A work-group computes a tile of {@link #TILE} output
 * rows (x) by {@link #TILE} tokens (y), and reads every weight and every input once into local memory.
 */
public final class LinearTileKernels {
    /** Edge of a tile. */
    public static final int TILE = 16;

    /** Tokens per work-item of {@link #wideTileFloats} and {@link #wideTileBytes}. */
    public static final int PER_ITEM = 4;

    /**
     * Distance of two rows in local memory: one more than a tile, so that the elements of a column are in different
     * banks.
     */
    private static final int STRIDE = TILE + 1;

    private LinearTileKernels() {}

    /** Weights of f32. */
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
            int rowsIndex) {
        float[] weights = context.allocateFloatLocalArray(TILE * STRIDE);
        float[] inputs = context.allocateFloatLocalArray(TILE * STRIDE);
        int itemX = context.localIdx;
        int itemY = context.localIdy;
        int row = context.globalIdx;
        int token = context.globalIdy;
        int tokens = step.get(rowsIndex);
        int layer = step.get(Step.LAYER);
        int start = step.get(startIndex);
        int weightRow = row - itemX + itemY;
        float sum = 0f;
        for (int first = 0; first < columns; first += TILE) {
            int c = first + itemX;
            float weight = 0f;
            float input = 0f;
            if (c < columns && weightRow < rows) {
                weight = w.get(start + weightRow * columns + c);
            }
            if (c < columns && token < tokens) {
                input = x.get(token * columns + c);
            }
            weights[itemY * STRIDE + itemX] = weight;
            inputs[itemY * STRIDE + itemX] = input;
            context.localBarrier();
            for (int k = 0; k < TILE; k++) {
                sum += weights[itemX * STRIDE + k] * inputs[itemY * STRIDE + k];
            }
            context.localBarrier();
        }
        if (row < rows) {
            put(y, token, tokens, rows, row, sum + offset(bias, biasStride, layer, row));
        }
    }

    /** Weights of raw GGUF bytes; {@code rowBytes} is the size of one row. */
    public static void tileBytes(
            KernelContext context,
            IntArray step,
            ByteArray w,
            FloatArray powers,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int rows,
            int columns,
            int rowBytes,
            int startIndex,
            int biasStride,
            int rowsIndex,
            int format) {
        float[] weights = context.allocateFloatLocalArray(TILE * STRIDE);
        float[] inputs = context.allocateFloatLocalArray(TILE * STRIDE);
        int itemX = context.localIdx;
        int itemY = context.localIdy;
        int row = context.globalIdx;
        int token = context.globalIdy;
        int tokens = step.get(rowsIndex);
        int layer = step.get(Step.LAYER);
        int start = step.get(startIndex);
        int weightRow = row - itemX + itemY;
        float sum = 0f;
        for (int first = 0; first < columns; first += TILE) {
            int c = first + itemX;
            float weight = 0f;
            float input = 0f;
            if (c < columns && weightRow < rows) {
                weight = WeightFormat.weightAt(w, powers, start + weightRow * rowBytes, c, format);
            }
            if (c < columns && token < tokens) {
                input = x.get(token * columns + c);
            }
            weights[itemY * STRIDE + itemX] = weight;
            inputs[itemY * STRIDE + itemX] = input;
            context.localBarrier();
            for (int k = 0; k < TILE; k++) {
                sum += weights[itemX * STRIDE + k] * inputs[itemY * STRIDE + k];
            }
            context.localBarrier();
        }
        if (row < rows) {
            put(y, token, tokens, rows, row, sum + offset(bias, biasStride, layer, row));
        }
    }

    /** Tiles of four times as many tokens, four per work-item; weights of f32. */
    public static void wideTileFloats(
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
            int rowsIndex) {
        float[] weights = context.allocateFloatLocalArray(TILE * STRIDE);
        float[] inputs = context.allocateFloatLocalArray(PER_ITEM * TILE * STRIDE);
        int itemX = context.localIdx;
        int itemY = context.localIdy;
        int row = context.globalIdx;
        int firstToken = context.groupIdy * (PER_ITEM * TILE) + itemY;
        int tokens = step.get(rowsIndex);
        int layer = step.get(Step.LAYER);
        int start = step.get(startIndex);
        int weightRow = row - itemX + itemY;
        float s0 = 0f;
        float s1 = 0f;
        float s2 = 0f;
        float s3 = 0f;
        for (int first = 0; first < columns; first += TILE) {
            int c = first + itemX;
            float weight = 0f;
            if (c < columns && weightRow < rows) {
                weight = w.get(start + weightRow * columns + c);
            }
            weights[itemY * STRIDE + itemX] = weight;
            for (int i = 0; i < PER_ITEM; i++) {
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
                s0 += value * inputs[itemY * STRIDE + k];
                s1 += value * inputs[(TILE + itemY) * STRIDE + k];
                s2 += value * inputs[(2 * TILE + itemY) * STRIDE + k];
                s3 += value * inputs[(3 * TILE + itemY) * STRIDE + k];
            }
            context.localBarrier();
        }
        if (row < rows) {
            float offset = offset(bias, biasStride, layer, row);
            put(y, firstToken, tokens, rows, row, s0 + offset);
            put(y, firstToken + TILE, tokens, rows, row, s1 + offset);
            put(y, firstToken + 2 * TILE, tokens, rows, row, s2 + offset);
            put(y, firstToken + 3 * TILE, tokens, rows, row, s3 + offset);
        }
    }

    /** Tiles of four times as many tokens, four per work-item; weights of raw GGUF bytes. */
    public static void wideTileBytes(
            KernelContext context,
            IntArray step,
            ByteArray w,
            FloatArray powers,
            FloatArray x,
            FloatArray bias,
            FloatArray y,
            int rows,
            int columns,
            int rowBytes,
            int startIndex,
            int biasStride,
            int rowsIndex,
            int format) {
        float[] weights = context.allocateFloatLocalArray(TILE * STRIDE);
        float[] inputs = context.allocateFloatLocalArray(PER_ITEM * TILE * STRIDE);
        int itemX = context.localIdx;
        int itemY = context.localIdy;
        int row = context.globalIdx;
        int firstToken = context.groupIdy * (PER_ITEM * TILE) + itemY;
        int tokens = step.get(rowsIndex);
        int layer = step.get(Step.LAYER);
        int start = step.get(startIndex);
        int weightRow = row - itemX + itemY;
        float s0 = 0f;
        float s1 = 0f;
        float s2 = 0f;
        float s3 = 0f;
        for (int first = 0; first < columns; first += TILE) {
            int c = first + itemX;
            float weight = 0f;
            if (c < columns && weightRow < rows) {
                weight = WeightFormat.weightAt(w, powers, start + weightRow * rowBytes, c, format);
            }
            weights[itemY * STRIDE + itemX] = weight;
            for (int i = 0; i < PER_ITEM; i++) {
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
                s0 += value * inputs[itemY * STRIDE + k];
                s1 += value * inputs[(TILE + itemY) * STRIDE + k];
                s2 += value * inputs[(2 * TILE + itemY) * STRIDE + k];
                s3 += value * inputs[(3 * TILE + itemY) * STRIDE + k];
            }
            context.localBarrier();
        }
        if (row < rows) {
            float offset = offset(bias, biasStride, layer, row);
            put(y, firstToken, tokens, rows, row, s0 + offset);
            put(y, firstToken + TILE, tokens, rows, row, s1 + offset);
            put(y, firstToken + 2 * TILE, tokens, rows, row, s2 + offset);
            put(y, firstToken + 3 * TILE, tokens, rows, row, s3 + offset);
        }
    }

    private static float offset(FloatArray bias, int biasStride, int layer, int row) {
        float offset = 0f;
        if (biasStride > 0) {
            offset = bias.get(layer * biasStride + row);
        }
        return offset;
    }

    private static void put(FloatArray y, int token, int tokens, int rows, int row, float value) {
        if (token < tokens) {
            y.set(token * rows + row, value);
        }
    }
}
