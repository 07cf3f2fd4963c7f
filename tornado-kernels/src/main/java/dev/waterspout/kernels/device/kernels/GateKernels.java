package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gates of feed-forward networks; see {@code GateFunction}. A row has {@code vectors} vectors, one per expert or one
 * alone. {@code gate} and {@code up} are {@code width} columns from {@code gateFrom} and {@code upFrom} on, in vectors
 * of {@code gateWidth} and {@code upWidth} elements. They may lie in one array. One work-item per element: x is the
 * element of a row, y the row.
 */
public final class GateKernels {
    private static final float GELU_1 = -1.5957692f;
    private static final float GELU_3 = -0.07135481f;
    private static final float LIMIT = 7f;
    private static final float SLOPE = 1.702f;

    private GateKernels() {}

    /** {@code y = gate / (1 + exp(-gate)) * up} (Shazeer, arXiv 2002.05202). */
    public static void gateUp(
            KernelContext context,
            IntArray step,
            FloatArray gate,
            FloatArray up,
            FloatArray y,
            int gateWidth,
            int gateFrom,
            int upWidth,
            int upFrom,
            int vectors,
            int width) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        if (item < vectors * width && row < step.get(Step.ROWS)) {
            int inRow = item / width;
            int vector = row * vectors + inRow;
            int column = item - inRow * width;
            float value = gate.get(vector * gateWidth + gateFrom + column);
            float other = up.get(vector * upWidth + upFrom + column);
            y.set(vector * width + column, value / (1f + TornadoMath.exp(-value)) * other);
        }
    }

    /** {@code y = gelu(gate) * up}. */
    public static void geluUp(
            KernelContext context,
            IntArray step,
            FloatArray gate,
            FloatArray up,
            FloatArray y,
            int gateWidth,
            int gateFrom,
            int upWidth,
            int upFrom,
            int vectors,
            int width) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        if (item < vectors * width && row < step.get(Step.ROWS)) {
            int inRow = item / width;
            int vector = row * vectors + inRow;
            int column = item - inRow * width;
            float value = gate.get(vector * gateWidth + gateFrom + column);
            float other = up.get(vector * upWidth + upFrom + column);
            y.set(vector * width + column, gelu(value) * other);
        }
    }

    /** {@code y = gelu(gate)}; {@code up} is not read. */
    public static void geluOnly(
            KernelContext context,
            IntArray step,
            FloatArray gate,
            FloatArray up,
            FloatArray y,
            int gateWidth,
            int gateFrom,
            int upWidth,
            int upFrom,
            int vectors,
            int width) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        if (item < vectors * width && row < step.get(Step.ROWS)) {
            int inRow = item / width;
            int vector = row * vectors + inRow;
            int column = item - inRow * width;
            y.set(vector * width + column, gelu(gate.get(vector * gateWidth + gateFrom + column)));
        }
    }

    /** {@code y = g / (1 + exp(-1.702 g)) * (u + 1)} of clamped g and u. */
    public static void clampedGateUp(
            KernelContext context,
            IntArray step,
            FloatArray gate,
            FloatArray up,
            FloatArray y,
            int gateWidth,
            int gateFrom,
            int upWidth,
            int upFrom,
            int vectors,
            int width) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        if (item < vectors * width && row < step.get(Step.ROWS)) {
            int inRow = item / width;
            int vector = row * vectors + inRow;
            int column = item - inRow * width;
            float low = TornadoMath.min(gate.get(vector * gateWidth + gateFrom + column), LIMIT);
            float other = up.get(vector * upWidth + upFrom + column);
            float clamped = TornadoMath.min(TornadoMath.max(other, -LIMIT), LIMIT);
            y.set(vector * width + column, low / (1f + TornadoMath.exp(-SLOPE * low)) * (clamped + 1f));
        }
    }

    private static float gelu(float x) {
        return x / (1f + TornadoMath.exp(x * (GELU_1 + GELU_3 * x * x)));
    }
}
