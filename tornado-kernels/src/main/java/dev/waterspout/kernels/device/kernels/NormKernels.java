package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Root-mean-square normalization in two tasks: the factor of every vector, then its application. A vector's factor
 * comes from one item or one group, so no two groups race, and the second task starts when all factors are there.
 *
 * <p>A token has {@code vectors} vectors of {@code width}: one for a hidden state, one per head for queries and keys.
 */
public final class NormKernels {
    /** Items of a group of {@link #factorsByGroup}. */
    public static final int GROUP = 128;

    private NormKernels() {}

    /** One item per vector: x is the vector, y the row. */
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

    /** One group of {@link #GROUP} items per vector: x is the vector, y the row. */
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
     * {@code y = x * factor * weight}, one item per element: x is the element of a token, y the row. {@code weight} is
     * [layers][width]; {@code layerStride} is {@code width}, or 0 where there is one weight for all layers.
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
