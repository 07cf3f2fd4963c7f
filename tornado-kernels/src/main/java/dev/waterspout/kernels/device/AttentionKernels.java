package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal scaled dot-product attention over the cache with grouped queries, one query head of one token at a time. The
 * softmax is computed on the way (Milakov and Gimelshein, arXiv 1805.02867), so that no scores are stored; the output
 * itself holds the running sum.
 *
 * <p>{@code queries} and {@code output} are [rows][heads][headDim], the caches [layers][kvHeads][capacity][headDim].
 */
final class AttentionKernels {
    /** Items of a group of {@link #attendByGroup}, and positions that it takes at a time. */
    static final int GROUP = 64;

    private static final float LOWEST = -3e38f;

    private AttentionKernels() {}

    /** One item per query head and token: x is the head, y the row. */
    static void attendByItem(
            KernelContext context,
            IntArray step,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray output,
            int heads,
            int kvHeads,
            int headDim,
            int capacity,
            float scale) {
        int head = context.globalIdx;
        int row = context.globalIdy;
        if (head < heads && row < step.get(Step.ROWS)) {
            int query = (row * heads + head) * headDim;
            int kvHead = head / (heads / kvHeads);
            int base = (step.get(Step.LAYER) * kvHeads + kvHead) * capacity * headDim;
            int visible = step.get(Step.POSITION) + row + 1;
            for (int d = 0; d < headDim; d++) {
                output.set(query + d, 0f);
            }
            float max = LOWEST;
            float sum = 0f;
            for (int position = 0; position < visible; position++) {
                int at = base + position * headDim;
                float score = score(queries, query, keyCache, at, headDim) * scale;
                float newMax = TornadoMath.max(max, score);
                float factor = TornadoMath.exp(max - newMax);
                float weight = TornadoMath.exp(score - newMax);
                sum = sum * factor + weight;
                for (int d = 0; d < headDim; d++) {
                    output.set(query + d, output.get(query + d) * factor + weight * valueCache.get(at + d));
                }
                max = newMax;
            }
            for (int d = 0; d < headDim; d++) {
                output.set(query + d, output.get(query + d) / sum);
            }
        }
    }

    /** One group of {@link #GROUP} items per query head and token: x is the head, y the row. */
    static void attendByGroup(
            KernelContext context,
            IntArray step,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray output,
            int heads,
            int kvHeads,
            int headDim,
            int capacity,
            float scale) {
        float[] maxima = context.allocateFloatLocalArray(GROUP);
        float[] weights = context.allocateFloatLocalArray(GROUP);
        int item = context.localIdx;
        int head = context.groupIdx;
        int row = context.globalIdy;
        int query = (row * heads + head) * headDim;
        int kvHead = head / (heads / kvHeads);
        int base = (step.get(Step.LAYER) * kvHeads + kvHead) * capacity * headDim;
        int visible = step.get(Step.POSITION) + row + 1;
        for (int d = item; d < headDim; d += GROUP) {
            output.set(query + d, 0f);
        }
        float max = LOWEST;
        float sum = 0f;
        for (int tile = 0; tile < visible; tile += GROUP) {
            int count = TornadoMath.min(GROUP, visible - tile);
            int start = base + tile * headDim;
            float score = LOWEST;
            if (item < count) {
                score = score(queries, query, keyCache, start + item * headDim, headDim) * scale;
            }
            maxima[item] = score;
            for (int half = GROUP >> 1; half > 0; half >>= 1) {
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
            for (int d = item; d < headDim; d += GROUP) {
                float total = output.get(query + d) * factor;
                for (int j = 0; j < count; j++) {
                    total += weights[j] * valueCache.get(start + j * headDim + d);
                }
                output.set(query + d, total);
            }
            max = newMax;
            context.localBarrier();
        }
        for (int d = item; d < headDim; d += GROUP) {
            output.set(query + d, output.get(query + d) / sum);
        }
    }

    private static float score(FloatArray queries, int query, FloatArray keys, int key, int headDim) {
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
}
