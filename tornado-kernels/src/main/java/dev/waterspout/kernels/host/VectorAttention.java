package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.QuantBlock;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/**
 * Attention with a running softmax over tiles of the cache (Milakov and Gimelshein, arXiv 1805.02867; Dao et al.,
 * arXiv 2205.14135): scratch memory does not grow with the context, and a block of units reads a tile once.
 *
 * <p>Tiles begin at fixed positions of the cache and a unit uses exactly the positions it sees, in ascending order, so
 * its bits do not depend on its neighbours.
 */
public final class VectorAttention {
    /** Units that share a tile. */
    private static final int BLOCK = 32;

    /** Positions of a tile: its keys and values stay in the second-level cache. */
    public static final int TILE = 128;

    private static final int DOT_STRIDE = LaneSums.GROUP * Lanes.COUNT;
    private static final int DOTS = HostScratch.zeros();
    private static final int ACCUMULATORS = DOTS + BLOCK * DOT_STRIDE;

    private final AttentionCall call;
    private final KvCacheView cache;
    private final int headDim;
    private final long tile;
    private final long queries;
    private final long sums;
    private final long scores;
    private final DotTiles dots;
    private final ValueTiles values;

    /** Address of the keys of the tile at hand. */
    private long keys;

    /** Per unit: the largest score so far. */
    private final float[] max = new float[BLOCK];

    /** Per unit: the sum of weights so far, relative to the largest score. */
    private final float[] weightSum = new float[BLOCK];

    private final QuantBlock block;

    private VectorAttention(AttentionCall call, HostScratch memory, @Nullable MachineCode machine) {
        this.call = call;
        cache = call.cache();
        headDim = cache.headDim();
        tile = memory.inputs((long) TILE * headDim);
        queries = memory.rows();
        block = memory.block();
        sums = memory.sums();
        scores = memory.totals();
        dots = new DotTiles(queries, headDim, tile, headDim, sums, DOT_STRIDE, Lanes.COUNT, machine);
        values = new ValueTiles(tile, headDim, scores, TILE, sums, machine);
    }

    static void apply(AttentionCall call, int unitFrom, int unitTo, HostScratch memory, @Nullable MachineCode machine) {
        try {
            VectorAttention attention = new VectorAttention(call, memory, machine);
            int unit = unitFrom;
            while (unit < unitTo) {
                int groupEnd = call.groupEnd(call.kvHead(unit));
                int end = Math.min(Math.min(unit + BLOCK, unitTo), groupEnd);
                attention.block(unit, end - unit);
                memory.tileDone();
                unit = end;
            }
        } finally {
            Reference.reachabilityFence(memory);
        }
    }

    /** Processes units of one key/value head. */
    private void block(int unit, int count) {
        int visible = 0;
        int begin = Integer.MAX_VALUE;
        for (int u = 0; u < count; u++) {
            packQuery(unit + u, u * headDim);
            visible = Math.max(visible, call.visible(unit + u));
            begin = Math.min(begin, call.firstVisible(unit + u));
            max[u] = call.initialScore(unit + u);
            weightSum[u] = call.initialWeight();
        }
        Memory.ALL
                .asSlice(sums + Layouts.floats(ACCUMULATORS), Layouts.floats((long) count * headDim))
                .fill((byte) 0);
        int kvHead = call.kvHead(unit);
        for (int first = begin / TILE * TILE; first < visible; first += TILE) {
            int positions = Math.min(TILE, visible - first);
            keys = near(cache.keys(), kvHead, first, positions);
            dots.readInputs(keys);
            score(positions, count);
            cap(positions, count);
            for (int u = 0; u < count; u++) {
                softmax(u, hidden(unit + u, first), seen(unit + u, first));
            }
            values.readValues(near(cache.values(), kvHead, first, positions));
            weigh(unit, count, first);
        }
        for (int u = 0; u < count; u++) {
            writeOutput(u, call.offset(unit + u));
        }
    }

    /**
     * {@return the address of keys or values of a tile as f32 {@code [positions][headDim]}} A tile of
     * another type is expanded into scratch memory.
     */
    private long near(MemorySegment cached, int kvHead, int position, int positions) {
        long address = Memory.address(cached) + cache.offset(kvHead, position);
        return switch (cache.type()) {
            case F32 -> address;
            case F16, Q8_0 -> {
                cache.type().format().unpack(address, positions * headDim, tile, block);
                yield tile;
            }
        };
    }

    /** Positions of a tile up to the last one that a unit sees. */
    private int seen(int unit, int first) {
        return Math.clamp(call.visible(unit) - first, 0, TILE);
    }

    /** Positions of a tile that lie before the unit's window. */
    private int hidden(int unit, int first) {
        return Math.clamp(call.firstVisible(unit) - first, 0, TILE);
    }

    /** Copies a query, scaled, so that a block of them is dense. */
    private void packQuery(int unit, int to) {
        long from = call.offset(unit);
        int whole = Lanes.whole(headDim);
        for (int d = 0; d < whole; d += Lanes.COUNT) {
            FloatVector scaled =
                    Lanes.load(call.queries(), from + Layouts.floats(d)).mul(call.scale());
            Lanes.store(scaled, Memory.ALL, queries + Layouts.floats(to + d));
        }
        for (int d = whole; d < headDim; d++) {
            float scaled = call.queries().get(Layouts.F32, from + Layouts.floats(d)) * call.scale();
            Memory.ALL.set(Layouts.F32, queries + Layouts.floats(to + d), scaled);
        }
    }

    /** Scores [units][TILE] of all units with all positions of a tile; softmax discards what a unit may not see. */
    private void score(int positions, int units) {
        int whole = Lanes.whole(headDim);
        for (int p = 0; p < positions; p += LaneSums.GROUP) {
            int inputs = Math.min(LaneSums.GROUP, positions - p);
            dots.multiply(units, p * headDim, inputs, whole, DOTS, true);
            for (int u = 0; u < units; u++) {
                LaneSums.sixteen(sums + Layouts.floats(DOTS + u * DOT_STRIDE), at(u, p));
            }
        }
        if (whole < headDim) {
            for (int u = 0; u < units; u++) {
                for (int p = 0; p < positions; p++) {
                    long query = queries + Layouts.floats(u * headDim + whole);
                    long key = keys + Layouts.floats(p * headDim + whole);
                    DotTiles.addRest(at(u, p), query, Memory.ALL, key, headDim - whole);
                }
            }
        }
    }

    /** Caps scores, where the call asks for it. */
    private void cap(int positions, int units) {
        float cap = call.scoring().cap();
        if (cap == 0) {
            return;
        }
        for (int u = 0; u < units; u++) {
            for (int p = 0; p < positions; p += Lanes.COUNT) {
                long at = at(u, p);
                Lanes.store(VectorElementwise.softCap(Lanes.load(Memory.ALL, at), cap), Memory.ALL, at);
            }
        }
    }

    /**
     * Turns scores into unnormalized weights relative to the largest score so far, and rescales the running sums to it.
     * The first {@code hidden} of {@code count} positions get no weight.
     */
    private void softmax(int unit, int hidden, int count) {
        if (count == 0) {
            return;
        }
        long base = at(unit, 0);
        if (hidden > 0) {
            float none = hidden < count ? Float.NEGATIVE_INFINITY : 0;
            for (int p = 0; p < hidden; p++) {
                Memory.ALL.set(Layouts.F32, base + Layouts.floats(p), none);
            }
            if (hidden >= count) {
                return;
            }
        }
        int padded = Lanes.whole(count + Lanes.COUNT - 1);
        for (int p = count; p < padded; p++) {
            Memory.ALL.set(Layouts.F32, base + Layouts.floats(p), Float.NEGATIVE_INFINITY);
        }
        float largest = Math.max(max[unit], largest(base, padded));
        if (largest != max[unit]) {
            // StrictMath: the same bits from interpreted and compiled code.
            float factor = (float) StrictMath.exp((double) max[unit] - largest);
            values.scale(accumulator(unit), factor);
            weightSum[unit] *= factor;
            max[unit] = largest;
        }
        weightSum[unit] += exponentials(base, padded, largest);
    }

    private static float largest(long base, int count) {
        FloatVector largest = Lanes.load(Memory.ALL, base);
        for (int p = Lanes.COUNT; p < count; p += Lanes.COUNT) {
            largest = largest.max(Lanes.load(Memory.ALL, base + Layouts.floats(p)));
        }
        return largest.reduceLanes(VectorOperators.MAX); // unlike a sum, a maximum is the same in any order
    }

    private static float exponentials(long base, int count, float largest) {
        FloatVector total = Lanes.zero();
        for (int p = 0; p < count; p += Lanes.COUNT) {
            long at = base + Layouts.floats(p);
            FloatVector weight = VectorExp.of(Lanes.load(Memory.ALL, at).sub(largest));
            Lanes.store(weight, Memory.ALL, at);
            total = total.add(weight);
        }
        return LaneSums.one(total);
    }

    /** Adds the weighted values of a tile: four units together as far as all see it, then each alone. */
    private void weigh(int unit, int count, int first) {
        int u = 0;
        for (; u + 4 <= count; u += 4) {
            int common = TILE;
            for (int i = 0; i < 4; i++) {
                common = Math.min(common, seen(unit + u + i, first));
            }
            values.addFour(u * TILE, common, accumulator(u));
            for (int i = 0; i < 4; i++) {
                weighRest(u + i, common, seen(unit + u + i, first));
            }
        }
        for (; u < count; u++) {
            weighRest(u, 0, seen(unit + u, first));
        }
    }

    private void weighRest(int unit, int from, int to) {
        if (from < to) {
            values.addOne(from, unit * TILE + from, to - from, accumulator(unit));
        }
    }

    /** Address of the score of a unit with a position of the tile; of its weight after the softmax. */
    private long at(int unit, int position) {
        return scores + Layouts.floats(unit * TILE + position);
    }

    private int accumulator(int unit) {
        return ACCUMULATORS + unit * headDim;
    }

    private void writeOutput(int unit, long to) {
        values.scale(accumulator(unit), 1 / weightSum[unit]);
        MemorySegment.copy(
                Memory.ALL, sums + Layouts.floats(accumulator(unit)), call.output(), to, Layouts.floats(headDim));
    }
}
