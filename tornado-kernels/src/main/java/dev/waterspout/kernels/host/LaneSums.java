package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums the lanes of vectors in one fixed order: the upper half onto the lower, then the upper quarter, down to one
 * lane.
 *
 * <p>{@code reduceLanes(ADD)} leaves the order open, and interpreted and compiled code do choose differently; results
 * would change while the JVM warms up. The sum of sixteen vectors adds in the same order as the sum of one, so how
 * outputs are grouped does not show in their bits.
 */
public final class LaneSums {
    /** Vectors that {@link #sixteen} sums. */
    static final int GROUP = 16;

    private static final VectorShuffle<Float> SWAP_8 = swap(8);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_1 = swap(1);
    private static final VectorMask<Float> UPPER_8 = upper(8);
    private static final VectorMask<Float> UPPER_4 = upper(4);
    private static final VectorMask<Float> UPPER_2 = upper(2);
    private static final VectorMask<Float> UPPER_1 = upper(1);

    private LaneSums() {}

    /** Exchanges lanes whose index differs by {@code distance}. Not used by vectors of that many lanes or fewer. */
    private static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(Lanes.FLOATS, i -> (i ^ distance) % Lanes.COUNT);
    }

    private static VectorMask<Float> upper(int distance) {
        boolean[] lanes = new boolean[Lanes.COUNT];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = (i & distance) != 0;
        }
        return VectorMask.fromArray(Lanes.FLOATS, lanes, 0);
    }

    /** Sum of the lanes of one vector. */
    static float one(FloatVector vector) {
        FloatVector v = vector;
        if (Lanes.COUNT > 8) {
            v = v.add(v.rearrange(SWAP_8));
        }
        if (Lanes.COUNT > 4) {
            v = v.add(v.rearrange(SWAP_4));
        }
        v = v.add(v.rearrange(SWAP_2));
        return v.add(v.rearrange(SWAP_1)).lane(0);
    }

    /**
     * {@return the sum of the lanes of a vector in memory, with the bits of {@link #one}} It uses scalar
     * operations, which need no compilation by C2 to be fast.
     *
     * @param vector address of the first lane; the lanes are overwritten
     */
    static float stored(long vector) {
        for (int half = Lanes.COUNT / 2; half > 0; half /= 2) {
            for (int lane = 0; lane < half; lane++) {
                long at = vector + Layouts.floats(lane);
                float other = Memory.ALL.get(Layouts.F32, at + Layouts.floats(half));
                Memory.ALL.set(Layouts.F32, at, Memory.ALL.get(Layouts.F32, at) + other);
            }
        }
        return Memory.ALL.get(Layouts.F32, vector);
    }

    /**
     * Sums the lanes of sixteen consecutive vectors.
     *
     * <p>Each pass leaves a quarter of the vectors, or half, in memory: a single expression of sixteen vectors exceeds
     * the compiler's limits. At the end lane {@code l} belongs to vector {@code l}.
     *
     * @param vectors address of the first one; they are overwritten
     * @param totals address that receives sixteen sums in order; need not be aligned
     */
    static void sixteen(long vectors, long totals) {
        for (int first = 0; first < GROUP; first += Lanes.COUNT) {
            long from = (vectors + first * Lanes.BYTES) & Memory.MASK;
            if (Lanes.COUNT == 16) {
                foldTwice(from, 4, SWAP_8, UPPER_8, SWAP_4, UPPER_4);
            } else if (Lanes.COUNT == 8) {
                fold(from, 4, SWAP_4, UPPER_4);
            }
            foldTwice(from, 1, SWAP_2, UPPER_2, SWAP_1, UPPER_1);
            Lanes.store(Lanes.load(Memory.ALL, from), Memory.ALL, totals + Layouts.floats(first));
        }
    }

    /**
     * Adds lanes that are {@code count} apart, which {@code swap} exchanges, in {@code 2 * count} vectors: of vectors
     * {@code i} and {@code i + count} the sums land in lower and {@code upper} lanes of vector {@code i}.
     */
    private static void fold(long vectors, int count, VectorShuffle<Float> swap, VectorMask<Float> upper) {
        long distance = count * Lanes.BYTES;
        for (int i = 0; i < count; i++) {
            long at = (vectors + i * Lanes.BYTES) & Memory.MASK;
            FloatVector a = Lanes.load(Memory.ALL, at);
            FloatVector b = Lanes.load(Memory.ALL, at + distance);
            Lanes.store(a.blend(b, upper).add(b.blend(a, upper).rearrange(swap)), Memory.ALL, at);
        }
    }

    /**
     * Does for {@code 4 * count} vectors what {@link #fold} does with {@code 2 * count} and then with {@code count}.
     */
    private static void foldTwice(
            long vectors,
            int count,
            VectorShuffle<Float> swap,
            VectorMask<Float> upper,
            VectorShuffle<Float> nextSwap,
            VectorMask<Float> nextUpper) {
        long distance = count * Lanes.BYTES;
        for (int i = 0; i < count; i++) {
            long at = (vectors + i * Lanes.BYTES) & Memory.MASK;
            FloatVector a = Lanes.load(Memory.ALL, at);
            FloatVector b = Lanes.load(Memory.ALL, at + distance);
            FloatVector c = Lanes.load(Memory.ALL, at + 2 * distance);
            FloatVector d = Lanes.load(Memory.ALL, at + 3 * distance);
            FloatVector e = a.blend(c, upper).add(c.blend(a, upper).rearrange(swap));
            FloatVector f = b.blend(d, upper).add(d.blend(b, upper).rearrange(swap));
            Lanes.store(e.blend(f, nextUpper).add(f.blend(e, nextUpper).rearrange(nextSwap)), Memory.ALL, at);
        }
    }
}
