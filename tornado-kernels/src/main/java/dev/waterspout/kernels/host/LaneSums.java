package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums the lanes of vectors in one fixed order: the upper half onto the lower, then the upper quarter, down to one lane.
 *
 * <p>{@code reduceLanes(ADD)} leaves the order open, and interpreted and compiled code do choose differently; results
 * would change while the JVM warms up. The sum of sixteen vectors adds in the same order as the sum of one, so how
 * outputs are grouped does not show in their bits.
 */
final class LaneSums {
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
     * Sums the lanes of sixteen consecutive vectors.
     *
     * @param vectors holds them
     * @param offset byte offset of the first
     * @param totals receives sixteen floats, the sums in order
     * @param totalsOffset byte offset of the first sum
     */
    static void sixteen(MemorySegment vectors, long offset, MemorySegment totals, long totalsOffset) {
        for (int first = 0; first < GROUP; first += Lanes.COUNT) {
            Lanes.store(everyOne(vectors, offset + first * Lanes.BYTES), totals, totalsOffset + Layouts.floats(first));
        }
    }

    // Each step halves the number of vectors: lane l of the result belongs to vector l.

    private static FloatVector everyOne(MemorySegment vectors, long offset) {
        return pair(everySecond(vectors, offset), everySecond(vectors, offset + Lanes.BYTES), SWAP_1, UPPER_1);
    }

    private static FloatVector everySecond(MemorySegment vectors, long offset) {
        return pair(everyFourth(vectors, offset), everyFourth(vectors, offset + 2 * Lanes.BYTES), SWAP_2, UPPER_2);
    }

    private static FloatVector everyFourth(MemorySegment vectors, long offset) {
        if (Lanes.COUNT == 4) {
            return Lanes.load(vectors, offset);
        }
        return pair(everyEighth(vectors, offset), everyEighth(vectors, offset + 4 * Lanes.BYTES), SWAP_4, UPPER_4);
    }

    private static FloatVector everyEighth(MemorySegment vectors, long offset) {
        if (Lanes.COUNT == 8) {
            return Lanes.load(vectors, offset);
        }
        return pair(
                Lanes.load(vectors, offset), Lanes.load(vectors, offset + 8 * Lanes.BYTES), SWAP_8, UPPER_8);
    }

    /** Adds the lanes that are {@code swap} apart: sums of {@code a} land in the lower lanes, of {@code b} in the upper. */
    private static FloatVector pair(
            FloatVector a, FloatVector b, VectorShuffle<Float> swap, VectorMask<Float> upper) {
        return a.blend(b, upper).add(b.blend(a, upper).rearrange(swap));
    }
}
