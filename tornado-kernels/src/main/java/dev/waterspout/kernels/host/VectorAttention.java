package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention with a running softmax over tiles of the cache (Milakov and Gimelshein, arXiv 1805.02867; Dao et al.,
 * arXiv 2205.14135): scratch memory does not grow with the context, and a block of units reads a tile once.
 *
 * <p>Tiles begin at fixed positions of the cache and a unit uses exactly the positions it sees, in ascending order, so its
 * bits do not depend on its neighbours.
 */
final class VectorAttention {
    /** Units that share a tile. */
    private static final int BLOCK = 32;

    /** Positions of a tile: its keys and values stay in the second-level cache. */
    private static final int TILE = 128;

    private static final long SCORE_STRIDE = Layouts.floats(TILE);
    private static final long DOT_STRIDE = LaneSums.GROUP * Lanes.BYTES;
    private static final long DOTS = HostScratch.zeroBytes();
    private static final long ACCUMULATORS = DOTS + BLOCK * DOT_STRIDE;

    private final AttentionCall call;
    private final KvCacheView cache;
    private final int headDim;
    private final long headBytes;
    private final MemorySegment queries;
    private final MemorySegment scratch;
    private final MemorySegment scores;
    private final DotTiles dots;
    private final ValueTiles values;
    private final float[] max = new float[BLOCK];
    private final float[] sum = new float[BLOCK];

    private VectorAttention(AttentionCall call, HostScratch memory) {
        this.call = call;
        cache = call.cache();
        headDim = cache.headDim();
        headBytes = Layouts.floats(headDim);
        queries = memory.weights();
        scratch = memory.sums();
        scores = memory.totals();
        dots = new DotTiles(cache.keys(), headBytes, queries, headBytes, scratch, DOT_STRIDE);
        values = new ValueTiles(cache.values(), headDim, scores, SCORE_STRIDE, scratch);
    }

    static void apply(AttentionCall call, int unitFrom, int unitTo, HostScratch memory) {
        VectorAttention attention = new VectorAttention(call, memory);
        int groupUnits = call.units() / call.cache().kvHeads();
        int unit = unitFrom;
        while (unit < unitTo) {
            int groupEnd = (unit / groupUnits + 1) * groupUnits;
            int end = Math.min(Math.min(unit + BLOCK, unitTo), groupEnd);
            attention.block(unit, end - unit);
            unit = end;
        }
    }

    /** Processes units of one key/value head. */
    private void block(int unit, int count) {
        int visible = 0;
        for (int u = 0; u < count; u++) {
            packQuery(unit + u, u * headBytes);
            visible = Math.max(visible, call.visible(unit + u));
        }
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        Arrays.fill(sum, 0);
        scratch.asSlice(ACCUMULATORS, count * headBytes).fill((byte) 0);
        int kvHead = call.kvHead(unit);
        for (int tile = 0; tile < visible; tile += TILE) {
            long offset = cache.offset(kvHead, tile);
            score(offset, Math.min(TILE, visible - tile), count);
            for (int u = 0; u < count; u++) {
                softmax(u, seen(unit + u, tile));
            }
            weigh(offset, unit, count, tile);
        }
        for (int u = 0; u < count; u++) {
            writeOutput(u, call.offset(unit + u));
        }
    }

    /** Positions of a tile that a unit sees. */
    private int seen(int unit, int tile) {
        return Math.clamp(call.visible(unit) - tile, 0, TILE);
    }

    /** Copies a query, scaled, so that a block of them is dense. */
    private void packQuery(int unit, long to) {
        long from = call.offset(unit);
        int whole = Lanes.whole(headDim);
        for (int d = 0; d < whole; d += Lanes.COUNT) {
            long at = Layouts.floats(d);
            Lanes.store(Lanes.load(call.queries(), from + at).mul(call.scale()), queries, to + at);
        }
        for (int d = whole; d < headDim; d++) {
            float query = call.queries().get(Layouts.F32, from + Layouts.floats(d));
            queries.set(Layouts.F32, to + Layouts.floats(d), query * call.scale());
        }
    }

    /** Scores [units][TILE] of all units with all positions of a tile; those that a unit may not see are discarded later. */
    private void score(long keys, int positions, int units) {
        int whole = Lanes.whole(headDim);
        for (int p = 0; p < positions; p += LaneSums.GROUP) {
            int rows = Math.min(LaneSums.GROUP, positions - p);
            dots.multiply(keys + p * headBytes, rows, 0, units, whole, DOTS, true);
            for (int u = 0; u < units; u++) {
                LaneSums.sixteen(scratch, DOTS + u * DOT_STRIDE, scores, u * SCORE_STRIDE + Layouts.floats(p));
            }
        }
        if (whole < headDim) {
            for (int u = 0; u < units; u++) {
                for (int p = 0; p < positions; p++) {
                    addTail(u, keys + p * headBytes, u * SCORE_STRIDE + Layouts.floats(p), whole);
                }
            }
        }
    }

    private void addTail(int unit, long key, long score, int from) {
        float dot = scores.get(Layouts.F32, score);
        for (int d = from; d < headDim; d++) {
            float query = queries.get(Layouts.F32, unit * headBytes + Layouts.floats(d));
            dot = Math.fma(cache.keys().get(Layouts.F32, key + Layouts.floats(d)), query, dot);
        }
        scores.set(Layouts.F32, score, dot);
    }

    /** Turns scores into unnormalized weights relative to the largest score so far; what was summed is scaled to it. */
    private void softmax(int unit, int count) {
        if (count == 0) {
            return;
        }
        long base = unit * SCORE_STRIDE;
        int padded = Lanes.whole(count + Lanes.COUNT - 1);
        for (int p = count; p < padded; p++) {
            scores.set(Layouts.F32, base + Layouts.floats(p), Float.NEGATIVE_INFINITY);
        }
        float largest = Math.max(max[unit], largest(base, padded));
        if (largest != max[unit]) {
            // StrictMath: the same bits from interpreted and compiled code.
            float factor = (float) StrictMath.exp((double) max[unit] - largest);
            values.scale(accumulator(unit), factor);
            sum[unit] *= factor;
            max[unit] = largest;
        }
        sum[unit] += exponentials(base, padded, largest);
    }

    private float largest(long base, int count) {
        FloatVector largest = Lanes.load(scores, base);
        for (int p = Lanes.COUNT; p < count; p += Lanes.COUNT) {
            largest = largest.max(Lanes.load(scores, base + Layouts.floats(p)));
        }
        return largest.reduceLanes(VectorOperators.MAX); // unlike a sum, a maximum is the same in any order
    }

    private float exponentials(long base, int count, float largest) {
        FloatVector total = Lanes.zero();
        for (int p = 0; p < count; p += Lanes.COUNT) {
            long at = base + Layouts.floats(p);
            FloatVector weight = VectorExp.of(Lanes.load(scores, at).sub(largest));
            Lanes.store(weight, scores, at);
            total = total.add(weight);
        }
        return LaneSums.one(total);
    }

    /** Adds the weighted values of a tile: four units together as far as all see it, then each alone. */
    private void weigh(long tileValues, int unit, int count, int tile) {
        int u = 0;
        for (; u + 4 <= count; u += 4) {
            int common = TILE;
            for (int i = 0; i < 4; i++) {
                common = Math.min(common, seen(unit + u + i, tile));
            }
            values.addFour(tileValues, u * SCORE_STRIDE, common, accumulator(u));
            for (int i = 0; i < 4; i++) {
                weighRest(tileValues, u + i, common, seen(unit + u + i, tile));
            }
        }
        for (; u < count; u++) {
            weighRest(tileValues, u, 0, seen(unit + u, tile));
        }
    }

    private void weighRest(long tileValues, int unit, int from, int to) {
        if (from < to) {
            long weights = unit * SCORE_STRIDE + Layouts.floats(from);
            values.addOne(tileValues + from * headBytes, weights, to - from, accumulator(unit));
        }
    }

    private long accumulator(int unit) {
        return ACCUMULATORS + unit * headBytes;
    }

    private void writeOutput(int unit, long to) {
        values.scale(accumulator(unit), 1 / sum[unit]);
        MemorySegment.copy(scratch, accumulator(unit), call.output(), to, headBytes);
    }
}
