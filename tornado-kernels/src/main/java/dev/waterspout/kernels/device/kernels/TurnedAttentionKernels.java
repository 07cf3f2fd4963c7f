package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The norms of heads, the rotary embedding, the storing of keys and values ({@link TurnedHeads}), and attention, in one
 * task. Results have the bits of {@link AttentionKernels} and {@link PackedAttentionKernels} after a task that stores.
 *
 * <p>Arrays are those of {@link RotaryKernels#turnAndStore} and {@link NormedRotaryKernels}, {@code sinks} and
 * {@code output} those of {@link AttentionKernels}. {@code epsilon} is {@link NormedRotaryKernels#NO_NORM} where heads
 * have no norms, and {@code weight} then any array. {@code format} is that of {@link CachedWords}.
 */
public final class TurnedAttentionKernels {
    private TurnedAttentionKernels() {}

    /** A cache of f32, one work-item per query head: x is the head, y the row. Norms have one partial sum. */
    public static void turnAndAttendByItem(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray weight,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray sinks,
            FloatArray queries,
            FloatArray output,
            int headDim,
            float scale,
            float cap,
            float epsilon) {
        float[] run = new float[CachedWords.PIECE];
        int head = context.globalIdx;
        int row = context.globalIdy;
        int heads = shape.get(RotaryShape.HEADS);
        if (head < heads && row < step.get(Step.ROWS)) {
            int query = (row * heads + head) * headDim;
            int base = base(step, places, shape, head);
            int table = Places.table(places, row);
            int end = Places.position(places, row) + 1;
            int first = AttentionKernels.first(step.get(Step.WINDOW), end);
            float sink = sinks.get(step.get(Step.LAYER) * heads + head);
            TurnedHeads.turnAndStoreByItem(
                    row,
                    step,
                    places,
                    angles,
                    shape,
                    madeQueries,
                    madeKeys,
                    madeValues,
                    weight,
                    keyCache,
                    places,
                    valueCache,
                    places,
                    queries,
                    head,
                    query,
                    base,
                    first,
                    end,
                    headDim,
                    epsilon,
                    run,
                    WeightBytes.F32);
            AttentionKernels.clear(output, query, headDim);
            AttentionKernels.attendFrom(
                    places,
                    queries,
                    keyCache,
                    valueCache,
                    output,
                    query,
                    base,
                    table,
                    first,
                    end,
                    TurnedHeads.fresh(places, row),
                    TurnedHeads.own(shape, row, head, headDim, WeightBytes.F32),
                    headDim,
                    shape.get(RotaryShape.BLOCK_SIZE),
                    scale,
                    cap,
                    sink);
        }
    }

    /** The same for a cache of f16 or q8_0. */
    public static void turnAndAttendPackedByItem(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray weight,
            IntArray keyCache,
            IntArray valueCache,
            FloatArray sinks,
            FloatArray queries,
            FloatArray output,
            int headDim,
            float scale,
            float cap,
            float epsilon,
            int format) {
        float[] weights = new float[PackedAttentionKernels.TILE];
        int[] starts = new int[PackedAttentionKernels.TILE];
        float[] piece = new float[CachedWords.PIECE];
        float[] totals = new float[CachedWords.PIECE];
        float[] run = new float[CachedWords.PIECE];
        int head = context.globalIdx;
        int row = context.globalIdy;
        int heads = shape.get(RotaryShape.HEADS);
        if (head < heads && row < step.get(Step.ROWS)) {
            int query = (row * heads + head) * headDim;
            int base = base(step, places, shape, head);
            int table = Places.table(places, row);
            int end = Places.position(places, row) + 1;
            int first = AttentionKernels.first(step.get(Step.WINDOW), end);
            float sink = sinks.get(step.get(Step.LAYER) * heads + head);
            TurnedHeads.turnAndStoreByItem(
                    row,
                    step,
                    places,
                    angles,
                    shape,
                    madeQueries,
                    madeKeys,
                    madeValues,
                    weight,
                    queries,
                    keyCache,
                    queries,
                    valueCache,
                    queries,
                    head,
                    query,
                    base,
                    first,
                    end,
                    headDim,
                    epsilon,
                    run,
                    format);
            PackedAttentionKernels.attendPackedFrom(
                    places,
                    queries,
                    keyCache,
                    valueCache,
                    output,
                    query,
                    base,
                    table,
                    first,
                    end,
                    TurnedHeads.fresh(places, row),
                    TurnedHeads.own(shape, row, head, headDim, format),
                    headDim,
                    shape.get(RotaryShape.BLOCK_SIZE),
                    scale,
                    cap,
                    sink,
                    weights,
                    starts,
                    piece,
                    totals,
                    format);
        }
    }

    /** A cache of f32, one work-group per query head: x is the head, y the row. */
    public static void turnAndAttendByGroup(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray weight,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray sinks,
            FloatArray queries,
            FloatArray output,
            int headDim,
            float scale,
            float cap,
            float epsilon) {
        int items = context.localGroupSizeX;
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.globalIdy;
        int heads = shape.get(RotaryShape.HEADS);
        int query = (row * heads + head) * headDim;
        int base = base(step, places, shape, head);
        int table = Places.table(places, row);
        int end = Places.position(places, row) + 1;
        int first = AttentionKernels.first(step.get(Step.WINDOW), end);
        float sink = sinks.get(step.get(Step.LAYER) * heads + head);
        TurnedHeads.turnAndStoreByGroup(
                context,
                item,
                items,
                row,
                step,
                places,
                angles,
                shape,
                madeQueries,
                madeKeys,
                madeValues,
                weight,
                keyCache,
                places,
                valueCache,
                places,
                queries,
                head,
                1,
                query,
                headDim,
                base,
                first,
                end,
                headDim,
                epsilon,
                WeightBytes.F32);
        for (int d = item; d < headDim; d += items) {
            output.set(query + d, 0f);
        }
        context.globalBarrier();
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
                first,
                end,
                TurnedHeads.fresh(places, row),
                TurnedHeads.own(shape, row, head, headDim, WeightBytes.F32),
                headDim,
                shape.get(RotaryShape.BLOCK_SIZE),
                scale,
                cap,
                sink,
                WeightBytes.F32,
                items);
    }

    /** The same for a cache of f16 or q8_0. */
    public static void turnAndAttendPackedByGroup(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray weight,
            IntArray keyCache,
            IntArray valueCache,
            FloatArray sinks,
            FloatArray queries,
            FloatArray output,
            int headDim,
            float scale,
            float cap,
            float epsilon,
            int format) {
        int items = context.localGroupSizeX;
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.globalIdy;
        int heads = shape.get(RotaryShape.HEADS);
        int query = (row * heads + head) * headDim;
        int base = base(step, places, shape, head);
        int table = Places.table(places, row);
        int end = Places.position(places, row) + 1;
        int first = AttentionKernels.first(step.get(Step.WINDOW), end);
        float sink = sinks.get(step.get(Step.LAYER) * heads + head);
        TurnedHeads.turnAndStoreByGroup(
                context,
                item,
                items,
                row,
                step,
                places,
                angles,
                shape,
                madeQueries,
                madeKeys,
                madeValues,
                weight,
                queries,
                keyCache,
                queries,
                valueCache,
                queries,
                head,
                1,
                query,
                headDim,
                base,
                first,
                end,
                headDim,
                epsilon,
                format);
        for (int d = item; d < headDim; d += items) {
            output.set(query + d, 0f);
        }
        context.globalBarrier();
        AttentionKernels.attendFromByGroup(
                context,
                places,
                queries,
                queries,
                keyCache,
                queries,
                valueCache,
                output,
                query,
                base,
                table,
                first,
                end,
                TurnedHeads.fresh(places, row),
                TurnedHeads.own(shape, row, head, headDim, format),
                headDim,
                shape.get(RotaryShape.BLOCK_SIZE),
                scale,
                cap,
                sink,
                format,
                items);
    }

    /** Returns the position of the cache at which the KV head of a query head begins. */
    private static int base(IntArray step, IntArray places, IntArray shape, int head) {
        return AttentionKernels.base(step, places, head, shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS));
    }
}
