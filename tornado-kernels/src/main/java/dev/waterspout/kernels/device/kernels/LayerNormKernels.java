package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Layer normalization (arXiv 1607.06450): {@code y = (x - mean) / sqrt(variance + epsilon) * weight + bias}. Vectors
 * and weights lie as those of {@link NormKernels}, and the bias as the weights. If {@code biased} is 0, there is no
 * bias, and any array can be passed for it. {@code y} may be {@code x}.
 */
public final class LayerNormKernels {
    /** Work-group size of {@link #byGroup}. */
    public static final int GROUP = 128;

    private LayerNormKernels() {}

    /** One work-item per vector: x is the vector, y the row. */
    public static void byItem(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            FloatArray bias,
            FloatArray y,
            int vectors,
            int width,
            int rowStride,
            int from,
            int layerStride,
            int vectorStride,
            float epsilon,
            int biased,
            int rowsIndex) {
        int vector = context.globalIdx;
        int row = context.globalIdy;
        if (vector < vectors && row < step.get(rowsIndex)) {
            int base = row * rowStride + from + vector * width;
            float sum = 0f;
            for (int i = 0; i < width; i++) {
                sum += x.get(base + i);
            }
            float mean = sum / width;
            float squares = 0f;
            for (int i = 0; i < width; i++) {
                float centered = x.get(base + i) - mean;
                squares += centered * centered;
            }
            float factor = 1f / TornadoMath.sqrt(squares / width + epsilon);
            int first = step.get(Step.LAYER) * layerStride + vector * vectorStride;
            for (int i = 0; i < width; i++) {
                y.set(base + i, scaled((x.get(base + i) - mean) * factor, weight, bias, first + i, biased));
            }
        }
    }

    /** One work-group of {@link #GROUP} work-items per vector: x is the vector, y the row. */
    public static void byGroup(
            KernelContext context,
            IntArray step,
            FloatArray x,
            FloatArray weight,
            FloatArray bias,
            FloatArray y,
            int vectors,
            int width,
            int rowStride,
            int from,
            int layerStride,
            int vectorStride,
            float epsilon,
            int biased,
            int rowsIndex) {
        float[] sums = context.allocateFloatLocalArray(GROUP);
        int item = context.localIdx;
        int row = context.globalIdy;
        int base = row * rowStride + from + context.groupIdx * width;
        float sum = 0f;
        for (int i = item; i < width; i += GROUP) {
            sum += x.get(base + i);
        }
        sums[item] = sum;
        for (int half = GROUP >> 1; half > 0; half >>= 1) {
            context.localBarrier();
            if (item < half) {
                sums[item] += sums[item + half];
            }
        }
        context.localBarrier();
        float mean = sums[0] / width;
        context.localBarrier();
        float squares = 0f;
        for (int i = item; i < width; i += GROUP) {
            float centered = x.get(base + i) - mean;
            squares += centered * centered;
        }
        sums[item] = squares;
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
                y.set(base + i, scaled((x.get(base + i) - mean) * factor, weight, bias, first + i, biased));
            }
        }
    }

    /** {@return {@code normalized * weight + bias}, or without the bias if {@code biased} is 0} */
    private static float scaled(float normalized, FloatArray weight, FloatArray bias, int at, int biased) {
        float value = normalized * weight.get(at);
        if (biased != 0) {
            value += bias.get(at);
        }
        return value;
    }
}
