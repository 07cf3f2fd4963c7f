package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
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
}
