package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal scaled dot-product attention over the cache with grouped queries, one query head of one token at a time. The
 * softmax is computed online (Milakov and Gimelshein, arXiv 1805.02867), so scores are not stored. The output array
 * holds the running sum.
 *
 * <p>{@code queries} and {@code output} are [rows][heads][headDim], the caches [layers][kvHeads][capacity][headDim];
 * {@code places} has the blocks of a row's sequence in the cache, of {@code blockSize} positions each. {@code sinks} is
 * [layers][heads], a score without a value (Xiao and others, arXiv 2309.17453); {@link #LOWEST} has no effect.
 */
public final class AttentionKernels {
    /** Largest work-group size of {@link #attendByGroup}. All its work-group sizes are powers of two. */
    public static final int MOST_ITEMS = 256;

    /** Positions that {@link #attendByFours} processes at a time. */
    public static final int PER_ITEM = 4;

    /** Below every score: as a sink it counts for nothing. */
    public static final float LOWEST = -3e38f;

    private AttentionKernels() {}

    /** One work-item per query head and token: x is the head, y the row. */
    public static void attendByItem(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray sinks,
            FloatArray output,
            int heads,
            int kvHeads,
            int headDim,
            int blockSize,
            float scale,
            float cap) {
        int head = context.globalIdx;
        int row = context.globalIdy;
        if (head < heads && row < step.get(Step.ROWS)) {
            int query = (row * heads + head) * headDim;
            int base = base(step, places, head, heads, kvHeads);
            int table = Places.table(places, row);
            int visible = Places.position(places, row) + 1;
            int first = first(step.get(Step.WINDOW), visible);
            clear(output, query, headDim);
            float max = sinks.get(step.get(Step.LAYER) * heads + head);
            attendFrom(
                    places,
                    queries,
                    keyCache,
                    valueCache,
                    output,
                    query,
                    base,
                    table,
                    first,
                    visible,
                    visible,
                    0,
                    headDim,
                    blockSize,
                    scale,
                    cap,
                    max);
        }
    }

    /**
     * Adds the positions from {@code first} to before {@code end} to a head's output, and divides it.
     *
     * @param query element of {@code queries} and of {@code output} at which the head begins
     * @param base position of the cache at which the KV head begins
     * @param fresh see {@link Places#element}, as for {@code own}
     * @param sink a score without a value
     */
    static void attendFrom(
            IntArray places,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
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
            float sink) {
        float max = sink;
        float sum = 1f;
        for (int position = first; position < end; position++) {
            int at = Places.element(places, base, table, position, blockSize, headDim, fresh, own);
            float score = capped(score(queries, query, keyCache, at, headDim) * scale, cap);
            float newMax = TornadoMath.max(max, score);
            float factor = TornadoMath.exp(max - newMax);
            float weight = TornadoMath.exp(score - newMax);
            sum = sum * factor + weight;
            for (int d = 0; d < headDim; d++) {
                output.set(query + d, output.get(query + d) * factor + weight * valueCache.get(at + d));
            }
            max = newMax;
        }
        divide(output, query, headDim, sum);
    }

    /** One work-item per query head and token, which processes four positions at a time: x is the head, y the row. */
    public static void attendByFours(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray sinks,
            FloatArray output,
            int heads,
            int kvHeads,
            int headDim,
            int blockSize,
            float scale,
            float cap) {
        int head = context.globalIdx;
        int row = context.globalIdy;
        if (head < heads && row < step.get(Step.ROWS)) {
            int query = (row * heads + head) * headDim;
            int base = base(step, places, head, heads, kvHeads);
            int table = Places.table(places, row);
            int visible = Places.position(places, row) + 1;
            int first = first(step.get(Step.WINDOW), visible);
            clear(output, query, headDim);
            float max = sinks.get(step.get(Step.LAYER) * heads + head);
            float sum = 1f;
            for (int position = first; position < visible; position += PER_ITEM) {
                // Positions after the last one read the last one again, with weight 0.
                int last = visible - 1;
                int at0 = (base + Places.slot(places, table, position, blockSize)) * headDim;
                int at1 = (base + Places.slot(places, table, TornadoMath.min(position + 1, last), blockSize)) * headDim;
                int at2 = (base + Places.slot(places, table, TornadoMath.min(position + 2, last), blockSize)) * headDim;
                int at3 = (base + Places.slot(places, table, TornadoMath.min(position + 3, last), blockSize)) * headDim;
                float score0 = capped(score(queries, query, keyCache, at0, headDim) * scale, cap);
                float score1 = capped(score(queries, query, keyCache, at1, headDim) * scale, cap);
                float score2 = capped(score(queries, query, keyCache, at2, headDim) * scale, cap);
                float score3 = capped(score(queries, query, keyCache, at3, headDim) * scale, cap);
                float newMax = TornadoMath.max(
                        TornadoMath.max(max, score0), TornadoMath.max(TornadoMath.max(score1, score2), score3));
                float factor = TornadoMath.exp(max - newMax);
                float weight0 = TornadoMath.exp(score0 - newMax);
                float weight1 = position + 1 < visible ? TornadoMath.exp(score1 - newMax) : 0f;
                float weight2 = position + 2 < visible ? TornadoMath.exp(score2 - newMax) : 0f;
                float weight3 = position + 3 < visible ? TornadoMath.exp(score3 - newMax) : 0f;
                sum = sum * factor + ((weight0 + weight1) + (weight2 + weight3));
                for (int d = 0; d < headDim; d++) {
                    float firstTwo = weight0 * valueCache.get(at0 + d) + weight1 * valueCache.get(at1 + d);
                    float lastTwo = weight2 * valueCache.get(at2 + d) + weight3 * valueCache.get(at3 + d);
                    output.set(query + d, output.get(query + d) * factor + (firstTwo + lastTwo));
                }
                max = newMax;
            }
            divide(output, query, headDim, sum);
        }
    }

    /**
     * One work-group per query head and token, in which each work-item processes one position at a time: x is the
     * head, y the row.
     */
    public static void attendByGroup(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray sinks,
            FloatArray output,
            int heads,
            int kvHeads,
            int headDim,
            int blockSize,
            float scale,
            float cap,
            int items) {
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.globalIdy;
        int query = (row * heads + head) * headDim;
        int base = base(step, places, head, heads, kvHeads);
        int table = Places.table(places, row);
        int visible = Places.position(places, row) + 1;
        int first = first(step.get(Step.WINDOW), visible);
        for (int d = item; d < headDim; d += items) {
            output.set(query + d, 0f);
        }
        float max = sinks.get(step.get(Step.LAYER) * heads + head);
        attendFromByGroup(
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
                visible,
                visible,
                0,
                headDim,
                blockSize,
                scale,
                cap,
                max,
                WeightBytes.F32,
                items);
    }

    /**
     * The same as {@link #attendFrom} by a work-group of {@code items} work-items, for a cache of any type: of floats
     * and words, the arrays of the cache's type are read, see {@link CachedUnits}.
     */
    static void attendFromByGroup(
            KernelContext context,
            IntArray places,
            FloatArray queries,
            FloatArray keyFloats,
            IntArray keyWords,
            FloatArray valueFloats,
            IntArray valueWords,
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
            int format,
            int items) {
        float[] maxima = context.allocateFloatLocalArray(MOST_ITEMS);
        float[] weights = context.allocateFloatLocalArray(MOST_ITEMS);
        int[] starts = context.allocateIntLocalArray(MOST_ITEMS);
        int item = context.localIdx;
        float max = sink;
        float sum = 1f;
        for (int tile = first; tile < end; tile += items) {
            int count = TornadoMath.min(items, end - tile);
            float score = LOWEST;
            if (item < count) {
                int rowElements = CachedUnits.rowElements(headDim, format);
                int at = Places.element(places, base, table, tile + item, blockSize, rowElements, fresh, own);
                starts[item] = at;
                score = capped(
                        CachedUnits.score(queries, query, keyFloats, keyWords, at, headDim, format) * scale, cap);
            }
            maxima[item] = score;
            for (int half = items >> 1; half > 0; half >>= 1) {
                context.localBarrier();
                if (item < half) {
                    maxima[item] = TornadoMath.max(maxima[item], maxima[item + half]);
                }
            }
            context.localBarrier();
            float newMax = TornadoMath.max(max, maxima[0]);
            weights[item] = TornadoMath.exp(score - newMax);
            context.localBarrier();
            float factor = TornadoMath.exp(max - newMax);
            sum = sum * factor;
            for (int j = 0; j < count; j++) {
                sum += weights[j];
            }
            for (int d = item; d < headDim; d += items) {
                float total = output.get(query + d) * factor;
                for (int j = 0; j < count; j++) {
                    total += weights[j] * CachedUnits.element(valueFloats, valueWords, starts[j], d, format);
                }
                output.set(query + d, total);
            }
            max = newMax;
            context.localBarrier();
        }
        for (int d = item; d < headDim; d += items) {
            output.set(query + d, output.get(query + d) / sum);
        }
    }

    /** Returns the position of the cache at which the KV head of a query head begins. */
    static int base(IntArray step, IntArray places, int head, int heads, int kvHeads) {
        int kvHead = head / (heads / kvHeads);
        return (step.get(Step.LAYER) * kvHeads + kvHead) * places.get(Places.CAPACITY);
    }

    /** Returns the first position that a token attends to. */
    static int first(int window, int visible) {
        int first = 0;
        if (window > 0) {
            first = TornadoMath.max(0, visible - window);
        }
        return first;
    }

    /** {@code cap x tanh(score / cap)}; a cap of 0 leaves the score. */
    static float capped(float score, float cap) {
        float result = score;
        if (cap > 0f) {
            result = ElementwiseKernels.softCap(score, cap);
        }
        return result;
    }

    static float score(FloatArray queries, int query, FloatArray keys, int key, int headDim) {
        float s0 = 0f;
        float s1 = 0f;
        float s2 = 0f;
        float s3 = 0f;
        int d = 0;
        for (; d + 4 <= headDim; d += 4) {
            s0 += queries.get(query + d) * keys.get(key + d);
            s1 += queries.get(query + d + 1) * keys.get(key + d + 1);
            s2 += queries.get(query + d + 2) * keys.get(key + d + 2);
            s3 += queries.get(query + d + 3) * keys.get(key + d + 3);
        }
        for (; d < headDim; d++) {
            s0 += queries.get(query + d) * keys.get(key + d);
        }
        return (s0 + s1) + (s2 + s3);
    }

    static void clear(FloatArray output, int query, int headDim) {
        for (int d = 0; d < headDim; d++) {
            output.set(query + d, 0f);
        }
    }

    static void divide(FloatArray output, int query, int headDim, float sum) {
        for (int d = 0; d < headDim; d++) {
            output.set(query + d, output.get(query + d) / sum);
        }
    }
}
