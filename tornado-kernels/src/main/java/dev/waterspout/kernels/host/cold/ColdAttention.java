package dev.waterspout.kernels.host.cold;

import dev.waterspout.kernels.host.AttentionCall;
import dev.waterspout.kernels.host.CacheType;
import dev.waterspout.kernels.host.KvCacheView;
import dev.waterspout.kernels.host.VectorAttention;
import dev.waterspout.kernels.vector.Exponential;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** {@link VectorAttention} by loops over arrays, a unit at a time. */
final class ColdAttention {
    private static final int TILE = VectorAttention.TILE;

    private final AttentionCall call;
    private final KvCacheView cache;
    private final int headDim;
    private final float[] lanes = new float[Lanes.COUNT];
    private final float[] scores = new float[TILE];
    private final float[] sums;
    private float largest;
    private float weightSum;

    ColdAttention(AttentionCall call) {
        this.call = call;
        cache = call.cache();
        headDim = cache.headDim();
        sums = new float[headDim];
    }

    void apply(int unit) {
        float[] query = ColdFloats.get(call.queries(), call.offset(unit), headDim);
        for (int d = 0; d < headDim; d++) {
            query[d] *= call.scale();
        }
        Arrays.fill(sums, 0);
        largest = call.initialScore(unit);
        weightSum = call.initialWeight();
        int visible = call.visible(unit);
        int begin = call.firstVisible(unit);
        for (int first = begin / TILE * TILE; first < visible; first += TILE) {
            int positions = Math.min(TILE, visible - first);
            long offset = cache.offset(call.kvHead(unit), first);
            score(query, load(cache.keys(), offset, positions), positions);
            mask(positions, begin - first);
            softmax(positions);
            weigh(load(cache.values(), offset, positions), positions);
        }
        scale(1 / weightSum);
        ColdFloats.put(sums, 0, call.output(), call.offset(unit), headDim);
    }

    private float[] load(MemorySegment cached, long offset, int positions) {
        int count = positions * headDim;
        if (cache.type() == CacheType.F32) {
            return ColdFloats.get(cached, offset, count);
        }
        byte[] stored = new byte[(int) cache.type().rowBytes(headDim) * positions];
        MemorySegment.copy(cached, Layouts.I8, offset, stored, 0, stored.length);
        float[] values = new float[count];
        cache.type().format().unpackCold(stored, values);
        return values;
    }

    private void score(float[] query, float[] keys, int positions) {
        for (int p = 0; p < positions; p++) {
            int key = p * headDim;
            float score = 0;
            for (int d = 0; d < headDim; d++) {
                score = Math.fma(query[d], keys[key + d], score);
            }
            scores[p] = score;
        }
    }

    /** Caps scores, and takes away those of positions before the window. */
    private void mask(int positions, int hidden) {
        float cap = call.scoring().cap();
        for (int p = 0; p < positions; p++) {
            if (cap != 0) {
                scores[p] = ColdFloats.softCap(scores[p], cap);
            }
            if (p < hidden) {
                scores[p] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private void softmax(int positions) {
        float before = largest;
        for (int p = 0; p < positions; p++) {
            largest = Math.max(largest, scores[p]);
        }
        if (largest != before) {
            float factor = (float) StrictMath.exp((double) before - largest);
            scale(factor);
            weightSum *= factor;
        }
        Arrays.fill(lanes, 0);
        for (int p = 0; p < positions; p++) {
            scores[p] = Exponential.of(scores[p] - largest);
            lanes[p % Lanes.COUNT] += scores[p];
        }
        weightSum += ColdFloats.sumLanes(lanes, 0);
    }

    private void weigh(float[] values, int positions) {
        for (int p = 0; p < positions; p++) {
            float weight = scores[p];
            for (int d = 0; d < headDim; d++) {
                sums[d] = Math.fma(values[p * headDim + d], weight, sums[d]);
            }
        }
    }

    private void scale(float factor) {
        for (int d = 0; d < headDim; d++) {
            sums[d] *= factor;
        }
    }
}
