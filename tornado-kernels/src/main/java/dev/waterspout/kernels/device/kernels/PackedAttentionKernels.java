package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The attention of {@link AttentionKernels} over a cache of f16 or q8_0, whose elements are unpacked as they are read.
 * Caches are [layers][kvHeads][capacity][words of a head], see {@link CachedWords}.
 */
public final class PackedAttentionKernels {
    /** Positions that {@link #attendPackedByItem} processes at a time. */
    static final int TILE = 32;

    private PackedAttentionKernels() {}

    /** One work-item per query head and token: x is the head, y the row. */
    public static void attendPackedByItem(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray queries,
            IntArray keyCache,
            IntArray valueCache,
            FloatArray sinks,
            FloatArray output,
            int heads,
            int kvHeads,
            int headDim,
            int blockSize,
            float scale,
            float cap,
            int format) {
        float[] weights = new float[TILE];
        int[] starts = new int[TILE];
        float[] piece = new float[CachedWords.PIECE];
        float[] totals = new float[CachedWords.PIECE];
        int head = context.globalIdx;
        int row = context.globalIdy;
        if (head < heads && row < step.get(Step.ROWS)) {
            int query = (row * heads + head) * headDim;
            int base = AttentionKernels.base(step, places, head, heads, kvHeads);
            int table = Places.table(places, row);
            int visible = Places.position(places, row) + 1;
            attendPackedFrom(
                    places,
                    queries,
                    keyCache,
                    valueCache,
                    output,
                    query,
                    base,
                    table,
                    AttentionKernels.first(step.get(Step.WINDOW), visible),
                    visible,
                    visible,
                    0,
                    headDim,
                    blockSize,
                    scale,
                    cap,
                    sinks.get(step.get(Step.LAYER) * heads + head),
                    weights,
                    starts,
                    piece,
                    totals,
                    format);
        }
    }

    /**
     * Stores the output of a head that attends to the positions from {@code first} to before {@code end}.
     *
     * @param query element of {@code queries} and of {@code output} at which the head begins
     * @param base position of the cache at which the KV head begins
     * @param fresh see {@link Places#element}, as for {@code own}
     * @param weights working memory of {@link #TILE} elements, as is {@code starts}
     * @param piece working memory of {@link CachedWords#PIECE} elements, as is {@code totals}
     */
    static void attendPackedFrom(
            IntArray places,
            FloatArray queries,
            IntArray keyCache,
            IntArray valueCache,
            FloatArray output,
            int query,
            int base,
            int table,
            int first,
            int end,
            int fresh,
            int own,
            int headDim,
            int blockSize,
            float scale,
            float cap,
            float sink,
            float[] weights,
            int[] starts,
            float[] piece,
            float[] totals,
            int format) {
        float max = sink;
        float sum = 1f;
        AttentionKernels.clear(output, query, headDim);
        for (int tile = first; tile < end; tile += TILE) {
            int count = TornadoMath.min(TILE, end - tile);
            float newMax = max;
            for (int j = 0; j < count; j++) {
                int rowWords = CachedWords.rowWords(headDim, format);
                int at = Places.element(places, base, table, tile + j, blockSize, rowWords, fresh, own);
                float product = CachedWords.score(queries, query, keyCache, at, headDim, format);
                float score = AttentionKernels.capped(product * scale, cap);
                starts[j] = at;
                weights[j] = score;
                newMax = TornadoMath.max(newMax, score);
            }
            float factor = TornadoMath.exp(max - newMax);
            sum = sum * factor;
            for (int j = 0; j < count; j++) {
                weights[j] = TornadoMath.exp(weights[j] - newMax);
                sum += weights[j];
            }
            for (int d = 0; d < headDim; d += CachedWords.PIECE) {
                for (int i = 0; i < CachedWords.PIECE; i++) {
                    totals[i] = 0f;
                }
                for (int j = 0; j < count; j++) {
                    CachedWords.unpack(valueCache, starts[j], d, headDim, piece, format);
                    float weight = weights[j];
                    for (int i = 0; i < CachedWords.PIECE; i++) {
                        totals[i] += weight * piece[i];
                    }
                }
                int width = TornadoMath.min(CachedWords.PIECE, headDim - d);
                for (int i = 0; i < width; i++) {
                    int at = query + d + i;
                    output.set(at, output.get(at) * factor + totals[i]);
                }
            }
            max = newMax;
        }
        AttentionKernels.divide(output, query, headDim, sum);
    }

    /**
     * One work-group per query head and token, in which each work-item processes one position at a time: x is the
     * head, y the row. A group has at most {@link AttentionKernels#MOST_ITEMS} work-items, a power of two.
     */
    public static void attendPackedByGroup(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray queries,
            IntArray keyCache,
            IntArray valueCache,
            FloatArray sinks,
            FloatArray output,
            int heads,
            int kvHeads,
            int headDim,
            int blockSize,
            float scale,
            float cap,
            int format) {
        int items = context.localGroupSizeX;
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.globalIdy;
        int query = (row * heads + head) * headDim;
        int base = AttentionKernels.base(step, places, head, heads, kvHeads);
        int visible = Places.position(places, row) + 1;
        for (int d = item; d < headDim; d += items) {
            output.set(query + d, 0f);
        }
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
                Places.table(places, row),
                AttentionKernels.first(step.get(Step.WINDOW), visible),
                visible,
                visible,
                0,
                headDim,
                blockSize,
                scale,
                cap,
                sinks.get(step.get(Step.LAYER) * heads + head),
                format,
                items);
    }
}
