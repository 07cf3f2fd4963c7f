package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The norms of heads, the rotary embedding, the storing of keys and values ({@link TurnedHeads}), and the attention of
 * {@link QueryTileKernels}, in one task, for tiles of one token. Results have the bits of {@link QueryTileKernels}
 * after a task that stores.
 */
public final class TurnedTileKernels {
    private TurnedTileKernels() {}

    /** A cache of f32. Arrays are those of {@link TurnedAttentionKernels}. */
    public static void turnAndAttendTiles(
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
            float epsilon,
            int itemRows) {
        int item = context.localIdx;
        int group = context.groupIdx;
        int y = context.globalIdy;
        int row = QueryTileKernels.firstRow(step, shape, y);
        int head = head(shape, group);
        int end = Places.position(places, row) + 1;
        TurnedHeads.turnAndStoreByGroup(
                context,
                item,
                QueryTileKernels.ITEMS,
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
                heads(shape, head),
                (row * shape.get(RotaryShape.HEADS) + head) * headDim,
                headDim,
                AttentionKernels.base(
                        step, places, head, shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS)),
                AttentionKernels.first(step.get(Step.WINDOW), end),
                end,
                headDim,
                epsilon,
                WeightBytes.F32);
        context.globalBarrier();
        QueryTileKernels.attend(
                context,
                item,
                group,
                y,
                step,
                places,
                shape,
                queries,
                keyCache,
                places,
                valueCache,
                places,
                sinks,
                output,
                TurnedHeads.fresh(places, row),
                TurnedHeads.own(shape, row, head, headDim, WeightBytes.F32),
                headDim,
                scale,
                cap,
                WeightBytes.F32,
                itemRows);
    }

    /** The same for a cache of f16 or q8_0. */
    public static void turnAndAttendPackedTiles(
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
            int format,
            int itemRows) {
        int item = context.localIdx;
        int group = context.groupIdx;
        int y = context.globalIdy;
        int row = QueryTileKernels.firstRow(step, shape, y);
        int head = head(shape, group);
        int end = Places.position(places, row) + 1;
        TurnedHeads.turnAndStoreByGroup(
                context,
                item,
                QueryTileKernels.ITEMS,
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
                heads(shape, head),
                (row * shape.get(RotaryShape.HEADS) + head) * headDim,
                headDim,
                AttentionKernels.base(
                        step, places, head, shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS)),
                AttentionKernels.first(step.get(Step.WINDOW), end),
                end,
                headDim,
                epsilon,
                format);
        context.globalBarrier();
        QueryTileKernels.attend(
                context,
                item,
                group,
                y,
                step,
                places,
                shape,
                queries,
                queries,
                keyCache,
                queries,
                valueCache,
                sinks,
                output,
                TurnedHeads.fresh(places, row),
                TurnedHeads.own(shape, row, head, headDim, format),
                headDim,
                scale,
                cap,
                format,
                itemRows);
    }

    /** Returns the first query head of a work-group. */
    private static int head(IntArray shape, int group) {
        int sharing = sharing(shape);
        int tileHeads = shape.get(RotaryShape.TILE_HEADS);
        int slices = Division.quotient(sharing + tileHeads - 1, tileHeads);
        int kvHead = Division.quotient(group, slices);
        return kvHead * sharing + (group - kvHead * slices) * tileHeads;
    }

    /** Returns the query heads of the work-group that begins with a head. */
    private static int heads(IntArray shape, int head) {
        int sharing = sharing(shape);
        int inKvHead = head - Division.quotient(head, sharing) * sharing;
        return TornadoMath.min(shape.get(RotaryShape.TILE_HEADS), sharing - inKvHead);
    }

    private static int sharing(IntArray shape) {
        return Division.quotient(shape.get(RotaryShape.HEADS), shape.get(RotaryShape.KV_HEADS));
    }
}
