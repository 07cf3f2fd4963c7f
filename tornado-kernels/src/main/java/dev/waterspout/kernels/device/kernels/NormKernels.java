package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Root-mean-square normalization in two tasks: the factor of every vector, then its application. Each factor is
 * computed by one work-item or one work-group, so no two work-groups write the same element. The second task starts
 * after all factors have been computed.
 *
 * <p>A token has {@code vectors} vectors of {@code width}: one for a hidden state, one per head for queries and keys.
 */
public final class NormKernels {
    /** Work-group size of {@link #factorsByGroup}. */
    public static final int GROUP = 128;

    private NormKernels() {}

    /** One work-item per vector: x is the vector, y the row. */
    public static void factorsByItem(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray factors,
            int vectors,
            int width,
            float epsilon,
            int rowsIndex) {
        int vector = context.globalIdx;
        int row = context.globalIdy;
        if (vector < vectors && row < step.get(rowsIndex)) {
            int index = row * vectors + vector;
            int base = index * width;
            float sum = 0f;
            for (int i = 0; i < width; i++) {
                float value = x.get(base + i);
                sum += value * value;
            }
            factors.set(index, 1f / TornadoMath.sqrt(sum / width + epsilon));
        }
    }

    /** One work-group of {@link #GROUP} work-items per vector: x is the vector, y the row. */
    public static void factorsByGroup(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray factors,
            int vectors,
            int width,
            float epsilon,
            int rowsIndex) {
        float[] sums = context.allocateFloatLocalArray(GROUP);
        int item = context.localIdx;
        int index = context.globalIdy * vectors + context.groupIdx;
        int base = index * width;
        float sum = 0f;
        for (int i = item; i < width; i += GROUP) {
            float value = x.get(base + i);
            sum += value * value;
        }
        sums[item] = sum;
        for (int half = GROUP >> 1; half > 0; half >>= 1) {
            context.localBarrier();
            if (item < half) {
                sums[item] += sums[item + half];
            }
        }
        if (item == 0 && context.globalIdy < step.get(rowsIndex)) {
            factors.set(index, 1f / TornadoMath.sqrt(sums[0] / width + epsilon));
        }
    }

    /**
     * Computes {@code y = x * factor * weight}, one work-item per element: x is the element of a token, y the row.
     * {@code weight} is [layers][width]; {@code layerStride} is {@code width}, or 0 where there is one weight for all
     * layers.
     */
    public static void applyFactors(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray factors,
            FloatArray weight,
            FloatArray y,
            int vectors,
            int width,
            int layerStride,
            int rowsIndex) {
        int element = context.globalIdx;
        int row = context.globalIdy;
        if (element < vectors * width && row < step.get(rowsIndex)) {
            int vector = element / width;
            float factor = factors.get(row * vectors + vector);
            int index = row * vectors * width + element;
            float scaled = x.get(index) * factor;
            y.set(index, scaled * weight.get(step.get(Step.LAYER) * layerStride + element - vector * width));
        }
    }
}
