package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Root-mean-square normalization (arXiv 1910.07467): {@code y = x / sqrt(mean(x^2) + epsilon) * weight}. {@code y} may
 * be {@code x}.
 *
 * <p>A token has {@code vectors} vectors of {@code width}: one for a hidden state, one per head for queries and keys.
 * They lie one behind the other from element {@code from} of its row on, which has {@code rowStride} elements.
 * {@code layerStride} is the number of weights of a layer, or 0 if one layer's serve all. {@code vectorStride} is
 * {@code width} if every vector of a token has weights of its own, else 0.
 */
public final class NormKernels {
    /** Work-group size of {@link #rmsByGroup}. */
    public static final int GROUP = 128;

    private NormKernels() {}

    /** One work-item per vector: x is the vector, y the row. */
    public static void rmsByItem(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            FloatArray y,
            int vectors,
            int width,
            int rowStride,
            int from,
            int layerStride,
            int vectorStride,
            float epsilon,
            int rowsIndex) {
        int vector = context.globalIdx;
        int row = context.globalIdy;
        if (vector < vectors && row < step.get(rowsIndex)) {
            int base = row * rowStride + from + vector * width;
            float sum = 0f;
            for (int i = 0; i < width; i++) {
                float value = x.get(base + i);
                sum += value * value;
            }
            float factor = 1f / TornadoMath.sqrt(sum / width + epsilon);
            int first = step.get(Step.LAYER) * layerStride + vector * vectorStride;
            for (int i = 0; i < width; i++) {
                float scaled = x.get(base + i) * factor;
                y.set(base + i, scaled * weight.get(first + i));
            }
        }
    }

    /** One work-group of {@link #GROUP} work-items per vector: x is the vector, y the row. */
    public static void rmsByGroup(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            FloatArray y,
            int vectors,
            int width,
            int rowStride,
            int from,
            int layerStride,
            int vectorStride,
            float epsilon,
            int rowsIndex) {
        float[] sums = context.allocateFloatLocalArray(GROUP);
        int item = context.localIdx;
        int row = context.globalIdy;
        int base = row * rowStride + from + context.groupIdx * width;
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
        context.localBarrier();
        float factor = 1f / TornadoMath.sqrt(sums[0] / width + epsilon);
        if (row < step.get(rowsIndex)) {
            int first = step.get(Step.LAYER) * layerStride + context.groupIdx * vectorStride;
            for (int i = item; i < width; i += GROUP) {
                float scaled = x.get(base + i) * factor;
                y.set(base + i, scaled * weight.get(first + i));
            }
        }
    }
}
