package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The rotary embedding of {@link RotaryKernels} and the attention of {@link AttentionKernels} in one task, for one
 * token. The token's own key and value are read where the projections have left them, before the positions of the
 * cache. The first query head of each KV head stores them in the cache, where no other head reads them in this launch.
 * With several tokens that would not hold, because a token attends to the ones before it.
 *
 * <p>Arrays are those of {@link RotaryKernels#turnAndStore}; {@code made} has queries and keys.
 */
public final class TurnedAttentionKernels {
    private TurnedAttentionKernels() {}

    /** One work-item per query head: x is the head, y the row. */
    public static void turnAndAttendByItem(
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
            FloatArray queries,
            FloatArray output,
            int headDim,
            float scale,
            float cap) {
        int head = context.globalIdx;
        int row = context.globalIdy;
        int heads = shape.get(RotaryShape.HEADS);
        if (head < heads && row < step.get(Step.ROWS)) {
            int query = (row * heads + head) * headDim;
            int base = base(step, places, shape, head);
            int table = Places.table(places, row);
            int last = Places.position(places, row);
            int at = (base + Places.slot(places, table, last, shape.get(RotaryShape.BLOCK_SIZE))) * headDim;
            turnAndStore(angles, shape, made, madeValues, keyCache, valueCache, queries, head, row, at, headDim, 0, 1);
            float sink = sinks.get(step.get(Step.LAYER) * heads + head);
            float score = ownScore(angles, shape, made, queries, query, head, row, headDim, scale, cap);
            float max = TornadoMath.max(sink, score);
            float weight = TornadoMath.exp(score - max);
            weighOwn(shape, madeValues, output, query, head, row, headDim, weight, 0, 1);
            AttentionKernels.attendFrom(
                    places,
                    queries,
                    keyCache,
                    valueCache,
                    output,
                    query,
                    base,
                    table,
                    AttentionKernels.first(step.get(Step.WINDOW), last + 1),
                    last,
                    headDim,
                    shape.get(RotaryShape.BLOCK_SIZE),
                    scale,
                    cap,
                    max,
                    TornadoMath.exp(sink - max) + weight);
        }
    }

    /** One work-group per query head: x is the head, y the row. */
    public static void turnAndAttendByGroup(
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
            FloatArray queries,
            FloatArray output,
            int headDim,
            float scale,
            float cap) {
        int items = context.localGroupSizeX;
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.globalIdy;
        int heads = shape.get(RotaryShape.HEADS);
        int query = (row * heads + head) * headDim;
        int base = base(step, places, shape, head);
        int table = Places.table(places, row);
        int last = Places.position(places, row);
        int at = (base + Places.slot(places, table, last, shape.get(RotaryShape.BLOCK_SIZE))) * headDim;
        turnAndStore(
                angles, shape, made, madeValues, keyCache, valueCache, queries, head, row, at, headDim, item, items);
        context.globalBarrier();
        float sink = sinks.get(step.get(Step.LAYER) * heads + head);
        float score = ownScore(angles, shape, made, queries, query, head, row, headDim, scale, cap);
        float max = TornadoMath.max(sink, score);
        float weight = TornadoMath.exp(score - max);
        weighOwn(shape, madeValues, output, query, head, row, headDim, weight, item, items);
        AttentionKernels.attendFromByGroup(
                context,
                places,
                queries,
                keyCache,
                places,
                valueCache,
                places,
                output,
                query,
                base,
                table,
                AttentionKernels.first(step.get(Step.WINDOW), last + 1),
                last,
                headDim,
                shape.get(RotaryShape.BLOCK_SIZE),
                scale,
                cap,
                max,
                TornadoMath.exp(sink - max) + weight,
                WeightBytes.F32,
                items);
    }

    /** Returns the position of the cache at which the KV head of a query head begins. */
    static int base(IntArray step, IntArray places, IntArray shape, int head) {
        return AttentionKernels.base(step, places, head, shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS));
    }

    private static int kvHead(IntArray shape, int head) {
        return Division.quotient(
                head, Division.quotient(shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS)));
    }

    /** Returns the element of {@code made} at which the key of a query head begins. */
    static int key(IntArray shape, int head, int row, int headDim) {
        return row * shape.get(RotaryShape.KEY_STRIDE)
                + shape.get(RotaryShape.KEY_FROM)
                + kvHead(shape, head) * headDim;
    }

    static int value(IntArray shape, int head, int row, int headDim) {
        return row * shape.get(RotaryShape.VALUE_STRIDE)
                + shape.get(RotaryShape.VALUE_FROM)
                + kvHead(shape, head) * headDim;
    }

    /**
     * Rotates every {@code items}th element of a head's query. The first query head of a KV head also stores its key
     * and value from element {@code at} of the caches on.
     */
    private static void turnAndStore(
            FloatArray angles,
            IntArray shape,
            FloatArray made,
            FloatArray madeValues,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray queries,
            int head,
            int row,
            int at,
            int headDim,
            int item,
            int items) {
        int key = key(shape, head, row, headDim);
        int value = value(shape, head, row, headDim);
        int group = Division.quotient(shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS));
        for (int d = item; d < headDim; d += items) {
            RotaryKernels.turnQuery(angles, shape, made, queries, head * headDim + d, row);
            if (head == Division.quotient(head, group) * group) {
                keyCache.set(at + d, RotaryKernels.turned(angles, shape, made, key + d, row, d));
                valueCache.set(at + d, madeValues.get(value + d));
            }
        }
    }

    /** Returns the score of the token's own key. */
    private static float ownScore(
            FloatArray angles,
            IntArray shape,
            FloatArray made,
            FloatArray queries,
            int query,
            int head,
            int row,
            int headDim,
            float scale,
            float cap) {
        int key = key(shape, head, row, headDim);
        float sum = 0f;
        for (int d = 0; d < headDim; d++) {
            sum += queries.get(query + d) * RotaryKernels.turned(angles, shape, made, key + d, row, d);
        }
        return AttentionKernels.capped(sum * scale, cap);
    }

    /** Stores the token's own value by its weight, every {@code items}th element. */
    private static void weighOwn(
            IntArray shape,
            FloatArray madeValues,
            FloatArray output,
            int query,
            int head,
            int row,
            int headDim,
            float weight,
            int item,
            int items) {
        int value = value(shape, head, row, headDim);
        for (int d = item; d < headDim; d += items) {
            output.set(query + d, weight * madeValues.get(value + d));
        }
    }
}
