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

    /** Adds parts that have all positions of a token. */
    public static void sumParts(
            KernelContext context,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray sinks,
            FloatArray partials,
            FloatArray output,
            int headDim) {
        int head = context.groupIdx;
        int row = context.globalIdy;
        int heads = shape.get(RotaryShape.HEADS);
        int end = Places.position(places, row) + 1;
        int query = (row * heads + head) * headDim;
        int item = context.localIdx;
        int items = context.localGroupSizeX;
        for (int d = item; d < headDim; d += items) {
            output.set(query + d, 0f);
        }
        sum(
                context,
                item,
                items,
                head,
                row,
                shape,
                partials,
                output,
                query,
                headDim,
                end - AttentionKernels.first(step.get(Step.WINDOW), end),
                sinks.get(step.get(Step.LAYER) * heads + head),
                AttentionKernels.LOWEST);
    }

    /**
     * Adds parts that have the positions before a token, and its own one. The first query head of each KV head stores
     * the rotated key and the value in the cache. Arrays are those of {@link TurnedAttentionKernels}.
     */
    public static void turnAndSumParts(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray made,
            FloatArray madeValues,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray sinks,
            FloatArray partials,
            FloatArray output,
            int headDim,
            float scale,
            float cap) {
        float[] products = context.allocateFloatLocalArray(SplitAttentionKernels.MOST_ITEMS);
        int items = context.localGroupSizeX;
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.globalIdy;
        int heads = shape.get(RotaryShape.HEADS);
        int last = Places.position(places, row);
        int base = TurnedAttentionKernels.base(step, places, shape, head);
        int slot = Places.slot(places, Places.table(places, row), last, shape.get(RotaryShape.BLOCK_SIZE));
        int at = (base + slot) * headDim;
        int source = row * shape.get(RotaryShape.QUERY_STRIDE) + shape.get(RotaryShape.QUERY_FROM) + head * headDim;
        int key = TurnedAttentionKernels.key(shape, head, row, headDim);
        int value = TurnedAttentionKernels.value(shape, head, row, headDim);
        int query = (row * heads + head) * headDim;
        int group = Division.quotient(heads, shape.get(RotaryShape.KV_HEADS));
        float product = 0f;
        for (int d = item; d < headDim; d += items) {
            float turned = RotaryKernels.turned(angles, shape, made, key + d, row, d);
            product += RotaryKernels.turned(angles, shape, made, source + d, row, d) * turned;
            output.set(query + d, madeValues.get(value + d));
            if (head == Division.quotient(head, group) * group) {
                keyCache.set(at + d, turned);
                valueCache.set(at + d, madeValues.get(value + d));
            }
        }
        products[item] = product;
        context.localBarrier();
        float score = 0f;
        for (int i = 0; i < items; i++) {
            score += products[i];
        }
        sum(
                context,
                item,
                items,
                head,
                row,
                shape,
                partials,
                output,
                query,
                headDim,
                last - AttentionKernels.first(step.get(Step.WINDOW), last + 1),
                sinks.get(step.get(Step.LAYER) * heads + head),
                AttentionKernels.capped(score * scale, cap));
    }

    /**
     * Adds the parts of a head to its output, which holds the value of the token's own position, with weight.
     *
     * @param query element of {@code output} at which the head begins
     * @param positions positions in the parts
     * @param sink a score without a value
     * @param own score of the token's own position
     */
    private static void sum(
            KernelContext context,
            int item,
            int items,
            int head,
            int row,
            IntArray shape,
            FloatArray partials,
            FloatArray output,
            int query,
            int headDim,
            int positions,
            float sink,
            float own) {
        float[] factors = context.allocateFloatLocalArray(MOST_PARTS);
        int length = SplitAttentionKernels.partLength(shape, positions);
        int parts = Division.quotient(positions + length - 1, length);
        int stride = shape.get(RotaryShape.HEADS) * (headDim + SplitAttentionKernels.EXTRA);
        int from = row * shape.get(RotaryShape.PARTS) * stride + head * (headDim + SplitAttentionKernels.EXTRA);
        float max = TornadoMath.max(sink, own);
        for (int part = 0; part < parts; part++) {
            max = TornadoMath.max(max, partials.get(from + part * stride + headDim));
        }
        for (int part = item; part < parts; part += items) {
            factors[part] = TornadoMath.exp(partials.get(from + part * stride + headDim) - max);
        }
        context.localBarrier();
        float weight = TornadoMath.exp(own - max);
        float sum = TornadoMath.exp(sink - max) + weight;
        for (int part = 0; part < parts; part++) {
            sum += factors[part] * partials.get(from + part * stride + headDim + 1);
        }
        for (int d = item; d < headDim; d += items) {
            float total = output.get(query + d) * weight;
            for (int part = 0; part < parts; part++) {
                total += factors[part] * partials.get(from + part * stride + d);
            }
            output.set(query + d, total / sum);
        }
    }
}
