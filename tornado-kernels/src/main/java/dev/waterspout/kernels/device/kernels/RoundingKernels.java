package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Rounds the inputs of products to 8 bits: in each block of 32 to the nearest multiple of the largest magnitude divided
 * by 127, ties to even. The host rounds inputs in the same way.
 *
 * <pre>
 *   row   +---------------------+--------------------+
 *         | columns numbers,    | columns / 32       |
 *         | integers as f32     | scales             |
 *         +---------------------+--------------------+
 * </pre>
 *
 * Sums of up to 32 products of these integers are below 2^24, so they are exact in f32.
 */
public final class RoundingKernels {
    /** Inputs that share a scale. */
    public static final int BLOCK = 32;

    private RoundingKernels() {}

    /**
     * One work-item per block: x is the block of a row, y the row.
     *
     * @param vectors vectors of a row, one behind the other, each of which is a row of {@code rounded}
     * @param x [rows][vectors][columns]
     * @param rounded receives the rows, of {@link Panels#inputStride} elements each
     */
    public static void roundInputs(
            KernelContext context, IntArray step, FloatArray x, FloatArray rounded, int vectors, int columns) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        int blocks = columns >> 5;
        if (item < vectors * blocks && row < step.get(Step.ROWS)) {
            int vector = item / blocks;
            int block = item - vector * blocks;
            int from = (row * vectors + vector) * columns + block * BLOCK;
            int to = (row * vectors + vector) * (columns + blocks) + block * BLOCK;
            float largest = 0f;
            float zero = 0f;
            for (int i = 0; (i & BLOCK) == 0; i++) {
                float input = x.get(from + i);
                largest = TornadoMath.max(largest, TornadoMath.abs(input));
                zero += input * 0f;
            }
            float inverse = ByteMath.inverse(largest);
            for (int i = 0; (i & BLOCK) == 0; i++) {
                float input = x.get(from + i);
                float number = (float) ByteMath.rounded(input, inverse);
                rounded.set(to + i, input < 0f ? -number : number);
            }
            rounded.set((row * vectors + vector) * (columns + blocks) + columns + block, ByteMath.scale(largest, zero));
        }
    }
}
