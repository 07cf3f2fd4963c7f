package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The norms of heads, the rotary embedding, the storing of keys and values ({@link TurnedHeads}), and the first task of
 * a split attention, in one task. Results have the bits of {@link SplitAttentionKernels} after a task that stores.
 */
public final class TurnedSplitKernels {
    private TurnedSplitKernels() {}

    /**
     * A cache of f32. The groups and all other arrays are those of {@link SplitAttentionKernels}.
     *
     * @param madeQueries [rows][query stride], queries before the rotation
     * @param madeKeys [rows][key stride], keys before the rotation
     * @param madeValues [rows][value stride]
     * @param weight weights of the norms of heads, or any array
     * @param epsilon added to the mean square, or {@link NormedRotaryKernels#NO_NORM}
     */
    public static void turnAndAttendParts(
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
            FloatArray partials,
            int headDim,
            float scale,
            float cap,
            float epsilon,
            int groupHeads,
            int items) {
        int item = context.localIdx;
        int group = context.groupIdx;
        int row = context.globalIdy;
        int head = SplitAttentionKernels.head(group, shape, groupHeads);
        int partial = SplitAttentionKernels.partial(group, row, shape, head, headDim, groupHeads);
        int end = Places.position(places, row) + 1;
        int first = AttentionKernels.first(step.get(Step.WINDOW), end);
        int length = SplitAttentionKernels.partLength(shape, end - first);
        int from = first + SplitAttentionKernels.part(group, shape, groupHeads) * length;
        // The rotated queries lie where the sums of values will.
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
                partials,
                head,
                SplitAttentionKernels.groupHeads(shape, head, groupHeads),
                partial,
                headDim + SplitAttentionKernels.EXTRA,
                AttentionKernels.base(
                        step, places, head, shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS)),
                from,
                TornadoMath.min(end, from + length),
                headDim,
                epsilon,
                WeightBytes.F32);
        context.globalBarrier();
        SplitAttentionKernels.attendPart(
                context,
                item,
                group,
                row,
                step,
                places,
                shape,
                partials,
                partial,
                headDim + SplitAttentionKernels.EXTRA,
                keyCache,
                places,
                valueCache,
                places,
                partials,
                first,
                end,
                TurnedHeads.fresh(places, row),
                TurnedHeads.own(shape, row, head, headDim, WeightBytes.F32),
                headDim,
                scale,
                cap,
                WeightBytes.F32,
                groupHeads,
                items);
    }

    /** The same for a cache of f16 or q8_0.*/
    public static void turnAndAttendPackedParts(
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
            FloatArray partials,
            int headDim,
            float scale,
            float cap,
            float epsilon,
            int format,
            int groupHeads,
            int items) {
        int item = context.localIdx;
        int group = context.groupIdx;
        int row = context.globalIdy;
        int head = SplitAttentionKernels.head(group, shape, groupHeads);
        int partial = SplitAttentionKernels.partial(group, row, shape, head, headDim, groupHeads);
        int end = Places.position(places, row) + 1;
        int first = AttentionKernels.first(step.get(Step.WINDOW), end);
        int length = SplitAttentionKernels.partLength(shape, end - first);
        int from = first + SplitAttentionKernels.part(group, shape, groupHeads) * length;
        // The rotated queries lie where the sums of values will.
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
                partials,
                keyCache,
                partials,
                valueCache,
                partials,
                head,
                SplitAttentionKernels.groupHeads(shape, head, groupHeads),
                partial,
                headDim + SplitAttentionKernels.EXTRA,
                AttentionKernels.base(
                        step, places, head, shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS)),
                from,
                TornadoMath.min(end, from + length),
                headDim,
                epsilon,
                format);
        context.globalBarrier();
        SplitAttentionKernels.attendPart(
                context,
                item,
                group,
                row,
                step,
                places,
                shape,
                partials,
                partial,
                headDim + SplitAttentionKernels.EXTRA,
                partials,
                keyCache,
                partials,
                valueCache,
                partials,
                first,
                end,
                TurnedHeads.fresh(places, row),
                TurnedHeads.own(shape, row, head, headDim, format),
                headDim,
                scale,
                cap,
                format,
                groupHeads,
                items);
    }
}
