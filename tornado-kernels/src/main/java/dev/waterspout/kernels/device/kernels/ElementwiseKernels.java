package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What is done to each element by itself: x is the column, y the row. */
public final class ElementwiseKernels {
    private ElementwiseKernels() {}

    /** {@code gate = gate / (1 + exp(-gate)) * up} (Shazeer, arXiv 2002.05202). */
    public static void gateUp(KernelContext context, IntArray step, FloatArray gate, FloatArray up, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width && row < step.get(Step.ROWS)) {
            int index = row * width + column;
            float value = gate.get(index);
            gate.set(index, value / (1f + TornadoMath.exp(-value)) * up.get(index));
        }
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

    /** Copies the rows that logits are wanted for to the front of {@code selected}. */
    public static void selectOut(KernelContext context, IntArray step, FloatArray x, FloatArray selected, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width && row < step.get(Step.OUT_ROWS)) {
            selected.set(row * width + column, x.get((step.get(Step.FIRST_OUT) + row) * width + column));
        }
    }
}
