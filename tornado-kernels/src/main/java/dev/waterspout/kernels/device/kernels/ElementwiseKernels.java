package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Elementwise operations. One work-item per element: x is the column, y the row. */
public final class ElementwiseKernels {
    private ElementwiseKernels() {}

    /**
     * Copies some columns of each vector of a row: {@code target[row][vector][to + i] = source[row][vector][from + i]}.
     */
    public static void copyColumns(
            KernelContext context,
            IntArray step,
            FloatArray source,
            FloatArray target,
            int sourceWidth,
            int from,
            int targetWidth,
            int to,
            int vectors,
            int width) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        if (item < vectors * width && row < step.get(Step.ROWS)) {
            int inRow = item / width;
            int column = item - inRow * width;
            int vector = row * vectors + inRow;
            target.set(vector * targetWidth + to + column, source.get(vector * sourceWidth + from + column));
        }
    }

    /** {@code x = x * factors[row]}. */
    public static void scaleRows(KernelContext context, IntArray step, FloatArray x, FloatArray factors, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width && row < step.get(Step.ROWS)) {
            int index = row * width + column;
            x.set(index, x.get(index) * factors.get(row));
        }
    }

    /** {@code x = x * factor}. */
    public static void scaleBy(KernelContext context, IntArray step, FloatArray x, float factor, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width && row < step.get(Step.ROWS)) {
            int index = row * width + column;
            x.set(index, x.get(index) * factor);
        }
    }

    /** {@code x = cap * tanh(x / cap)}, with a cap above 0. */
    public static void capAt(KernelContext context, IntArray step, FloatArray x, float cap, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width && row < step.get(Step.ROWS)) {
            int index = row * width + column;
            x.set(index, softCap(x.get(index), cap));
        }
    }

    /** From {@code tanh(|y|) = (1 - exp(-2 |y|)) / (1 + exp(-2 |y|))}. */
    static float softCap(float x, float cap) {
        float size = TornadoMath.max(x, -x);
        float e = TornadoMath.exp(size * (-2f / cap));
        float bounded = (1f - e) / (1f + e) * cap;
        return x < 0f ? -bounded : bounded;
    }

    /** {@code target += addend}. */
    public static void addTo(KernelContext context, IntArray step, FloatArray target, FloatArray addend, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width && row < step.get(Step.ROWS)) {
            int index = row * width + column;
            target.set(index, target.get(index) + addend.get(index));
        }
    }

    /** Copies the rows whose logits are computed to the front of {@code selected}. */
    public static void selectOut(
            KernelContext context, IntArray step, IntArray chosen, FloatArray x, FloatArray selected, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width && row < step.get(Step.OUT_ROWS)) {
            selected.set(row * width + column, x.get(chosen.get(row) * width + column));
        }
    }
}
