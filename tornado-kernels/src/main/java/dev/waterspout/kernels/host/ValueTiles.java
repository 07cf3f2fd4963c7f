package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Weighted sums of cached values, accumulated in memory from tile to tile.
 *
 * <p>Every element takes its positions in ascending order with one multiply-add each, however many units are processed
 * together.
 */
final class ValueTiles {
    private static final int WIDE = 4 * Lanes.COUNT;

    private final MemorySegment values;
    private final int headDim;
    private final long headBytes;
    private final MemorySegment weights;
    private final long weightStride;
    private final MemorySegment sums;

    /**
     * Creates the tiles of one attention call.
     *
     * @param values rows of {@code headDim} f32
     * @param headDim elements of a value
     * @param weights [units][positions] f32
     * @param weightStride bytes from unit to unit
     * @param sums dense rows of {@code headDim} f32, one per unit
     */
    ValueTiles(MemorySegment values, int headDim, MemorySegment weights, long weightStride, MemorySegment sums) {
        this.values = values;
        this.headDim = headDim;
        this.headBytes = Layouts.floats(headDim);
        this.weights = weights;
        this.weightStride = weightStride;
        this.sums = sums;
    }

    /**
     * Adds {@code count} values to the sums of four units.
     *
     * @param value offset of the first value
     * @param weight offset of the first unit's first weight
     * @param count number of positions
     * @param sum offset of the first unit's sum
     */
    void addFour(long value, long weight, int count, long sum) {
        int d = 0;
        for (; d + WIDE <= headDim; d += WIDE) {
            fourWide(value + Layouts.floats(d), weight, count, sum + Layouts.floats(d));
        }
        for (int u = 0; u < 4; u++) {
            addFrom(d, value, weight + u * weightStride, count, sum + u * headBytes);
        }
    }

    /** Adds {@code count} values to the sum of one unit; parameters as in {@link #addFour}. */
    void addOne(long value, long weight, int count, long sum) {
        int d = 0;
        for (; d + WIDE <= headDim; d += WIDE) {
            oneWide(value + Layouts.floats(d), weight, count, sum + Layouts.floats(d));
        }
        addFrom(d, value, weight, count, sum);
    }

    private void addFrom(int element, long value, long weight, int count, long sum) {
        int d = element;
        for (; d + Lanes.COUNT <= headDim; d += Lanes.COUNT) {
            oneVector(value + Layouts.floats(d), weight, count, sum + Layouts.floats(d));
        }
        for (; d < headDim; d++) {
            oneElement(value + Layouts.floats(d), weight, count, sum + Layouts.floats(d));
        }
    }

    /** Multiplies a unit's sum. */
    void scale(long sum, float factor) {
        int whole = Lanes.whole(headDim);
        for (int d = 0; d < whole; d += Lanes.COUNT) {
            long at = sum + Layouts.floats(d);
            Lanes.store(Lanes.load(sums, at).mul(factor), sums, at);
        }
        for (int d = whole; d < headDim; d++) {
            long at = sum + Layouts.floats(d);
            sums.set(Layouts.F32, at, sums.get(Layouts.F32, at) * factor);
        }
    }

    /** Four units, four vectors. Longer than other methods: sixteen accumulators must be named to stay in registers. */
    private void fourWide(long value, long weight, int count, long sum) {
        MemorySegment v = values;
        MemorySegment w = weights;
        MemorySegment s = sums;
        long w1 = weight + weightStride;
        long w2 = w1 + weightStride;
        long w3 = w2 + weightStride;
        long s1 = sum + headBytes;
        long s2 = s1 + headBytes;
        long s3 = s2 + headBytes;
        FloatVector a00 = Lanes.load(s, sum);
        FloatVector a01 = Lanes.load(s, sum + Lanes.BYTES);
        FloatVector a02 = Lanes.load(s, sum + 2 * Lanes.BYTES);
        FloatVector a03 = Lanes.load(s, sum + 3 * Lanes.BYTES);
        FloatVector a10 = Lanes.load(s, s1);
        FloatVector a11 = Lanes.load(s, s1 + Lanes.BYTES);
        FloatVector a12 = Lanes.load(s, s1 + 2 * Lanes.BYTES);
        FloatVector a13 = Lanes.load(s, s1 + 3 * Lanes.BYTES);
        FloatVector a20 = Lanes.load(s, s2);
        FloatVector a21 = Lanes.load(s, s2 + Lanes.BYTES);
        FloatVector a22 = Lanes.load(s, s2 + 2 * Lanes.BYTES);
        FloatVector a23 = Lanes.load(s, s2 + 3 * Lanes.BYTES);
        FloatVector a30 = Lanes.load(s, s3);
        FloatVector a31 = Lanes.load(s, s3 + Lanes.BYTES);
        FloatVector a32 = Lanes.load(s, s3 + 2 * Lanes.BYTES);
        FloatVector a33 = Lanes.load(s, s3 + 3 * Lanes.BYTES);
        for (int p = 0; p < count; p++) {
            long row = value + p * headBytes;
            long at = Layouts.floats(p);
            FloatVector v0 = Lanes.load(v, row);
            FloatVector v1 = Lanes.load(v, row + Lanes.BYTES);
            FloatVector v2 = Lanes.load(v, row + 2 * Lanes.BYTES);
            FloatVector v3 = Lanes.load(v, row + 3 * Lanes.BYTES);
            FloatVector p0 = Lanes.all(w.get(Layouts.F32, weight + at));
            a00 = v0.fma(p0, a00);
            a01 = v1.fma(p0, a01);
            a02 = v2.fma(p0, a02);
            a03 = v3.fma(p0, a03);
            FloatVector p1 = Lanes.all(w.get(Layouts.F32, w1 + at));
            a10 = v0.fma(p1, a10);
            a11 = v1.fma(p1, a11);
            a12 = v2.fma(p1, a12);
            a13 = v3.fma(p1, a13);
            FloatVector p2 = Lanes.all(w.get(Layouts.F32, w2 + at));
            a20 = v0.fma(p2, a20);
            a21 = v1.fma(p2, a21);
            a22 = v2.fma(p2, a22);
            a23 = v3.fma(p2, a23);
            FloatVector p3 = Lanes.all(w.get(Layouts.F32, w3 + at));
            a30 = v0.fma(p3, a30);
            a31 = v1.fma(p3, a31);
            a32 = v2.fma(p3, a32);
            a33 = v3.fma(p3, a33);
        }
        storeFour(s, sum, a00, a01, a02, a03);
        storeFour(s, s1, a10, a11, a12, a13);
        storeFour(s, s2, a20, a21, a22, a23);
        storeFour(s, s3, a30, a31, a32, a33);
    }

    private void oneWide(long value, long weight, int count, long sum) {
        MemorySegment v = values;
        MemorySegment s = sums;
        FloatVector a0 = Lanes.load(s, sum);
        FloatVector a1 = Lanes.load(s, sum + Lanes.BYTES);
        FloatVector a2 = Lanes.load(s, sum + 2 * Lanes.BYTES);
        FloatVector a3 = Lanes.load(s, sum + 3 * Lanes.BYTES);
        for (int p = 0; p < count; p++) {
            long row = value + p * headBytes;
            FloatVector w = Lanes.all(weights.get(Layouts.F32, weight + Layouts.floats(p)));
            a0 = Lanes.load(v, row).fma(w, a0);
            a1 = Lanes.load(v, row + Lanes.BYTES).fma(w, a1);
            a2 = Lanes.load(v, row + 2 * Lanes.BYTES).fma(w, a2);
            a3 = Lanes.load(v, row + 3 * Lanes.BYTES).fma(w, a3);
        }
        storeFour(s, sum, a0, a1, a2, a3);
    }

    private void oneVector(long value, long weight, int count, long sum) {
        FloatVector a = Lanes.load(sums, sum);
        for (int p = 0; p < count; p++) {
            FloatVector w = Lanes.all(weights.get(Layouts.F32, weight + Layouts.floats(p)));
            a = Lanes.load(values, value + p * headBytes).fma(w, a);
        }
        Lanes.store(a, sums, sum);
    }

    private void oneElement(long value, long weight, int count, long sum) {
        float a = sums.get(Layouts.F32, sum);
        for (int p = 0; p < count; p++) {
            float w = weights.get(Layouts.F32, weight + Layouts.floats(p));
            a = Math.fma(values.get(Layouts.F32, value + p * headBytes), w, a);
        }
        sums.set(Layouts.F32, sum, a);
    }

    private static void storeFour(
            MemorySegment sums, long to, FloatVector a0, FloatVector a1, FloatVector a2, FloatVector a3) {
        Lanes.store(a0, sums, to);
        Lanes.store(a1, sums, to + Lanes.BYTES);
        Lanes.store(a2, sums, to + 2 * Lanes.BYTES);
        Lanes.store(a3, sums, to + 3 * Lanes.BYTES);
    }
}
