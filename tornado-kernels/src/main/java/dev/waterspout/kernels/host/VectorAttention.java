package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.ElementKernels;
import dev.waterspout.kernels.machine.ExponentialKernels;
import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.machine.ValueTile;
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
    private static final int BLOCK = 64;

    /** Positions of a tile: its keys and values stay in the second-level cache. */
    public static final int TILE = 128;

    private static final int ACCUMULATORS = HostScratch.zeros();

    private final AttentionCall call;
    private final KvCacheView cache;
    private final int headDim;
    private final long tile;
    private final long queries;
    private final long sums;
    private final long scores;
    private final KeyPanel panel;
    private final ValueTiles products;
    private final ValueTiles values;
    private final HostScratch memory;
    private final @Nullable ExponentialKernels machineExponentials;
    private final @Nullable ElementKernels elements;

    /** Per unit: the largest score so far. */
    private final float[] max = new float[BLOCK];

    /** Per unit: the sum of weights so far, relative to the largest score. */
    private final float[] weightSum = new float[BLOCK];

    private final QuantBlock block;

    private VectorAttention(AttentionCall call, HostScratch memory, @Nullable MachineCode machine) {
        this.call = call;
        cache = call.cache();
        headDim = cache.headDim();
        this.memory = memory;
        long tileFloats = (long) TILE * headDim;
        tile = memory.inputs(tileFloats + KeyPanel.floats(headDim));
        queries = memory.rows();
        block = memory.block();
        sums = memory.sums();
        scores = memory.totals();
        panel = new KeyPanel(headDim, tile + Layouts.floats(tileFloats), machine);
        products = new ValueTiles(KeyPanel.WIDTH, queries, headDim, scores, TILE, machine);
        products.readValues(panel.address());
        machineExponentials =
                machine == null ? null : machine.exponentials(Lanes.COUNT).orElse(null);
        elements = machine == null ? null : machine.elements(Lanes.COUNT).orElse(null);
        values = new ValueTiles(headDim, scores, TILE, sums, headDim, machine);
    }

    static void apply(AttentionCall call, int unitFrom, int unitTo, HostScratch memory, @Nullable MachineCode machine) {
        try {
            VectorAttention attention = new VectorAttention(call, memory, machine);
            int unit = unitFrom;
            while (unit < unitTo) {
                int groupEnd = call.groupEnd(call.kvHead(unit));
                int end = Math.min(Math.min(unit + BLOCK, unitTo), groupEnd);
                attention.block(unit, end - unit);
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
            score(near(cache.keys(), kvHead, first, positions), positions, count);
            cap(positions, count);
            for (int u = 0; u < count; u++) {
                softmax(u, hidden(unit + u, first), seen(unit + u, first));
            }
            values.readValues(near(cache.values(), kvHead, first, positions));
            weigh(unit, count, first);
            memory.tileDone();
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
        if (elements != null && headDim % ElementKernels.LANES == 0) {
            elements.scale(Memory.address(call.queries()) + from, call.scale(), queries + Layouts.floats(to), headDim);
            return;
        }
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

    /**
     * Computes the scores [units][TILE] of all units with all positions of a tile; the softmax discards masked
     * positions.
     */
    private void score(long keys, int positions, int units) {
        Memory.ALL.asSlice(scores, Layouts.floats((long) units * TILE)).fill((byte) 0);
        for (int p = 0; p < positions; p += KeyPanel.WIDTH) {
            panel.fill(panel.key(keys, p), Math.min(KeyPanel.WIDTH, positions - p));
            products.add(0, headDim, 0, p, units);
        }
    }

    /** Caps scores, if the call has a soft cap. */
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
            scale(accumulator(unit), factor);
            weightSum[unit] *= factor;
            max[unit] = largest;
        }
        weightSum[unit] += exponentials(base, padded, largest);
    }

    private float largest(long base, int count) {
        if (elements != null && count % ElementKernels.LANES == 0) {
            return elements.largest(base, count);
        }
        long from = base & Memory.MASK;
        FloatVector largest = Lanes.load(Memory.ALL, from);
        for (int p = Lanes.COUNT; p < count; p += Lanes.COUNT) {
            largest = largest.max(Lanes.load(Memory.ALL, from + (long) (p & Memory.INDEX) * Float.BYTES));
        }
        return largest.reduceLanes(VectorOperators.MAX); // unlike a sum, a maximum is the same in any order
    }

    /** Replaces scores by their weights. {@return the sum} */
    private float exponentials(long base, int count, float largest) {
        if (machineExponentials != null) {
            long total = tile; // keys are no longer needed, values not yet
            Memory.ALL.set(Layouts.F32, total + Lanes.BYTES, largest);
            machineExponentials.apply(base, total + Lanes.BYTES, total, count / Lanes.COUNT);
            return LaneSums.stored(total);
        }
        long from = base & Memory.MASK;
        FloatVector total = Lanes.zero();
        for (int p = 0; p < count; p += Lanes.COUNT) {
            long at = from + (long) (p & Memory.INDEX) * Float.BYTES;
            FloatVector weight = VectorExp.of(Lanes.load(Memory.ALL, at).sub(largest));
            Lanes.store(weight, Memory.ALL, at);
            total = total.add(weight);
        }
        return LaneSums.one(total);
    }

    /**
     * Adds the weighted values of a tile: first the positions visible to all of some units, together, then the rest for
     * each unit.
     */
    private void weigh(int unit, int count, int first) {
        int step = commonlySeen(unit, count, first) == TILE ? count : ValueTile.MOST_UNITS;
        for (int u = 0; u < count; u += step) {
            int units = Math.min(step, count - u);
            int common = commonlySeen(unit + u, units, first);
            values.add(0, common, u * TILE, accumulator(u), units);
            for (int i = u; i < u + units; i++) {
                values.add(common, seen(unit + i, first) - common, i * TILE + common, accumulator(i), 1);
            }
        }
    }

    private int commonlySeen(int unit, int count, int first) {
        int common = TILE;
        for (int u = unit; u < unit + count; u++) {
            common = Math.min(common, seen(u, first));
        }
        return common;
    }

    /** Multiplies the sums of a unit's values. */
    private void scale(int accumulator, float factor) {
        if (elements != null && headDim % ElementKernels.LANES == 0) {
            long at = sums + Layouts.floats(accumulator);
            elements.scale(at, factor, at, headDim);
            return;
        }
        int whole = Lanes.whole(headDim);
        for (int d = 0; d < whole; d += Lanes.COUNT) {
            long at = sums + Layouts.floats(accumulator + d);
            Lanes.store(Lanes.load(Memory.ALL, at).mul(factor), Memory.ALL, at);
        }
        for (int d = whole; d < headDim; d++) {
            long at = sums + Layouts.floats(accumulator + d);
            Memory.ALL.set(Layouts.F32, at, Memory.ALL.get(Layouts.F32, at) * factor);
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
        scale(accumulator(unit), 1 / weightSum[unit]);
        MemorySegment.copy(
                Memory.ALL, sums + Layouts.floats(accumulator(unit)), call.output(), to, Layouts.floats(headDim));
    }
}
