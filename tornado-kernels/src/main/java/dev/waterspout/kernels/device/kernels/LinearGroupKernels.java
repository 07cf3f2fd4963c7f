package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import dev.waterspout.kernels.weights.WeightFormat;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The product of {@link LinearKernels} for a few tokens on GPUs, with one work-group of {@code items} work-items per
 * output row and token. Each work-item multiplies every {@code items}th piece of the row. The work-items add their
 * sums in local memory. x is the output row, y the token.
 */
public final class LinearGroupKernels {
    /** Largest work-group size. All work-group sizes are powers of two. */
    public static final int MOST_ITEMS = 256;

    private LinearGroupKernels() {}

    /** Weights of f32. */
    public static void groupFloats(
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
            int items) {
        float[] sums = context.allocateFloatLocalArray(MOST_ITEMS);
        int item = context.localIdx;
        int row = context.groupIdx;
        int token = context.globalIdy;
        int tokens = step.get(Step.ROWS);
        int parts = GateKernels.parts(function, tokens);
        int layer = step.get(Step.LAYER);
        float gate = 0f;
        float value = 0f;
        for (int part = 0; part < parts; part++) {
            int partRow = part * rows + row;
            int start = step.get(startIndex) + partRow * columns;
            float sum = 0f;
            for (int c = item; c < columns; c += items) {
                sum += w.get(start + c) * x.get(token * columns + c);
            }
            sums[item] = sum;
            for (int half = items >> 1; half > 0; half >>= 1) {
                context.localBarrier();
                if (item < half) {
                    sums[item] += sums[item + half];
                }
            }
            gate = value;
            value = sums[item];
            if (biasStride > 0) {
                value += bias.get(layer * biasStride + partRow);
            }
            context.localBarrier();
        }
        if (item == 0 && token < tokens) {
            y.set(token * rows + row, GateKernels.activated(gate, value, function));
        }
    }

    /** Weights of raw GGUF bytes; {@code rowBytes} is the size of one row. */
    public static void groupBytes(
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
            int function,
            int format,
            int items) {
        float[] sums = context.allocateFloatLocalArray(MOST_ITEMS);
        int item = context.localIdx;
        int row = context.groupIdx;
        int token = context.globalIdy;
        int tokens = step.get(Step.ROWS);
        int parts = GateKernels.parts(function, tokens);
        int layer = step.get(Step.LAYER);
        float gate = 0f;
        float value = 0f;
        for (int part = 0; part < parts; part++) {
            int partRow = part * rows + row;
            int start = step.get(startIndex) + partRow * rowBytes;
            float sum = 0f;
            if (format == WeightBytes.Q8_0 || format == WeightBytes.Q4_0) {
                int blockBytes =
                        format == WeightBytes.Q8_0 ? WeightBytes.Q8_0_BLOCK_BYTES : WeightBytes.Q4_0_BLOCK_BYTES;
                // A piece is a quarter of a block: there are enough pieces for all work-items, and one scale serves
                // eight
                // products.
                for (int c = 8 * item; c < columns; c += 8 * items) {
                    int at = start + (c >> 5) * blockBytes;
                    float dot = 0f;
                    for (int i = 0; i < 8; i++) {
                        dot += WeightBytes.quant(w, at, (c & 31) + i, format) * x.get(token * columns + c + i);
                    }
                    sum += dot * WeightBytes.halfAt(w, powers, at);
                }
            } else {
                for (int c = item; c < columns; c += items) {
                    sum += WeightFormat.weightAt(w, powers, start, c, format) * x.get(token * columns + c);
                }
            }
            sums[item] = sum;
            for (int half = items >> 1; half > 0; half >>= 1) {
                context.localBarrier();
                if (item < half) {
                    sums[item] += sums[item + half];
                }
            }
            gate = value;
            value = sums[item];
            if (biasStride > 0) {
                value += bias.get(layer * biasStride + partRow);
            }
            context.localBarrier();
        }
        if (item == 0 && token < tokens) {
            y.set(token * rows + row, GateKernels.activated(gate, value, function));
        }
    }
}
