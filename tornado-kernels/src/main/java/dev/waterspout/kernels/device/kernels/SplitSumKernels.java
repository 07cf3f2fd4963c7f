package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The second of the two tasks of an attention whose positions are split into parts, see {@link SplitAttentionKernels}:
 * adds the parts of each query head, in their order, and divides by the sum of weights. One work-group of at most
 * {@link SplitAttentionKernels#MOST_ITEMS} work-items per query head: x is the head, y the row.
 */
public final class SplitSumKernels {
    /** Largest number of parts. */
    public static final int MOST_PARTS = 128;

    private SplitSumKernels() {}

    /**
     * Adds the parts of each head.
     *
     * @param places see {@link Places}
     * @param shape see {@link RotaryShape}
     * @param sinks [layers][heads]
     * @param partials what {@link SplitAttentionKernels} has left
     * @param output [rows][heads][headDim]
     */
    public static void sumParts(
            KernelContext context,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray sinks,
            FloatArray partials,
            FloatArray output,
            int headDim) {
        float[] factors = context.allocateFloatLocalArray(MOST_PARTS);
        int head = context.groupIdx;
        int row = context.globalIdy;
        int heads = shape.get(RotaryShape.HEADS);
        int end = Places.position(places, row) + 1;
        int query = (row * heads + head) * headDim;
        int item = context.localIdx;
        int items = context.localGroupSizeX;
        int positions = end - AttentionKernels.first(step.get(Step.WINDOW), end);
        float sink = sinks.get(step.get(Step.LAYER) * heads + head);
        int length = SplitAttentionKernels.partLength(shape, positions);
        int parts = Division.quotient(positions + length - 1, length);
        int stride = heads * (headDim + SplitAttentionKernels.EXTRA);
        int from = row * shape.get(RotaryShape.PARTS) * stride + head * (headDim + SplitAttentionKernels.EXTRA);
        float max = sink;
        for (int part = 0; part < parts; part++) {
            max = TornadoMath.max(max, partials.get(from + part * stride + headDim));
        }
        for (int part = item; part < parts; part += items) {
            factors[part] = TornadoMath.exp(partials.get(from + part * stride + headDim) - max);
        }
        context.localBarrier();
        float sum = TornadoMath.exp(sink - max);
        for (int part = 0; part < parts; part++) {
            sum += factors[part] * partials.get(from + part * stride + headDim + 1);
        }
        for (int d = item; d < headDim; d += items) {
            float total = 0f;
            for (int part = 0; part < parts; part++) {
                total += factors[part] * partials.get(from + part * stride + d);
            }
            output.set(query + d, total / sum);
        }
    }
}
