package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Activation functions of feed-forward networks; see {@code GateFunction}. A product applies one to its outputs where
 * gate and up are the two parts of its matrix; elsewhere {@link #activate} does.
 */
public final class GateKernels {
    /** No function: outputs stay as they are. */
    public static final int NONE = 0;
    /** {@code g / (1 + exp(-g)) * u} (Shazeer, arXiv 2002.05202). */
    public static final int SWIGLU = 1;
    /** {@code gelu(g) * u}. */
    public static final int GEGLU = 2;
    /** {@code gelu(g)}: there is no other operand. */
    public static final int GELU = 3;
    /** {@code g / (1 + exp(-1.702 g)) * (u + 1)} of clamped g and u. */
    public static final int SWIGLU_CLAMPED = 4;

    private static final float GELU_1 = -1.5957692f;
    private static final float GELU_3 = -0.07135481f;
    private static final float LIMIT = 7f;
    private static final float SLOPE = 1.702f;

    private GateKernels() {}

    /**
     * {@code y = function(gate, up)}. A row has {@code vectors} vectors, one per expert or one alone. {@code gate} and
     * {@code up} are {@code width} columns from {@code gateFrom} and {@code upFrom} on, in vectors of {@code gateWidth}
     * and {@code upWidth} elements. They may lie in one array. {@code up} is not read if the function has one operand.
     * One work-item per element: x is the element of a row, y the row.
     */
    public static void activate(
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
            int width,
            int function) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        if (item < vectors * width && row < step.get(Step.ROWS)) {
            int inRow = item / width;
            int vector = row * vectors + inRow;
            int column = item - inRow * width;
            float value = gate.get(vector * gateWidth + gateFrom + column);
            float other = value;
            if (function != GELU) {
                other = up.get(vector * upWidth + upFrom + column);
            }
            y.set(vector * width + column, activated(value, other, function));
        }
    }

    /** {@return the number of parts of a matrix whose rows are operands of a function} */
    public static int parts(int function) {
        int parts = 2;
        if (function == NONE || function == GELU) {
            parts = 1;
        }
        return parts;
    }

    /**
     * {@return the number of parts, for a loop over them in a kernel} There is at least one token, so the minimum is 2.
     * With a constant in its place, TornadoVM copies the body of the loop, which some drivers compile for a minute.
     */
    static int parts(int function, int tokens) {
        int parts = parts(function);
        if (parts(function) == 2) {
            parts = TornadoMath.min(2, tokens + 1);
        }
        return parts;
    }

    /** {@return a function of two operands; a function of one has it as {@code up}, the last part of the matrix} */
    static float activated(float gate, float up, int function) {
        float result = up;
        if (function == SWIGLU) {
            result = gate / (1f + TornadoMath.exp(-gate)) * up;
        }
        if (function == GEGLU) {
            result = gelu(gate) * up;
        }
        if (function == GELU) {
            result = gelu(up);
        }
        if (function == SWIGLU_CLAMPED) {
            float low = TornadoMath.min(gate, LIMIT);
            float clamped = TornadoMath.min(TornadoMath.max(up, -LIMIT), LIMIT);
            result = low / (1f + TornadoMath.exp(-SLOPE * low)) * (clamped + 1f);
        }
        return result;
    }

    private static float gelu(float x) {
        return x / (1f + TornadoMath.exp(x * (GELU_1 + GELU_3 * x * x)));
    }
}
