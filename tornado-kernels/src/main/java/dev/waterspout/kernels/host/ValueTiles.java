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

    private static final MemorySegment ALL = Memory.ALL;

    private final long values;
    private final int headDim;
    private final float[] weights;
    private final int weightStride;
    private final float[] sums;

    /**
     * Creates the tiles of one attention call.
     *
     * @param values address of a tile, [positions][headDim]
     * @param headDim elements of a value
     * @param weights [units][positions]
     * @param weightStride floats from unit to unit
     * @param sums dense rows of {@code headDim}, one per unit
     */
    ValueTiles(long values, int headDim, float[] weights, int weightStride, float[] sums) {
        this.values = values;
        this.headDim = headDim;
        this.weights = weights;
        this.weightStride = weightStride;
        this.sums = sums;
    }

    /**
     * Adds the tile's first {@code count} values to the sums of four units.
     *
     * @param weight index of the first unit's first weight
     * @param count number of positions
     * @param sum index of the first unit's sum
     */
    void addFour(int weight, int count, int sum) {
        int d = 0;
        for (; d + WIDE <= headDim; d += WIDE) {
            fourWide(d, weight, count, sum + d);
        }
        for (int u = 0; u < 4; u++) {
            addFrom(d, 0, weight + u * weightStride, count, sum + u * headDim);
        }
    }

    /**
     * Adds {@code count} values to the sum of one unit.
     *
     * @param position of the first value in the tile
     * @param weight index of its weight
     * @param count number of positions
     * @param sum index of the unit's sum
     */
    void addOne(int position, int weight, int count, int sum) {
        int value = position * headDim;
        int d = 0;
        for (; d + WIDE <= headDim; d += WIDE) {
            oneWide(value + d, weight, count, sum + d);
        }
        addFrom(d, value, weight, count, sum);
    }

    private void addFrom(int element, int value, int weight, int count, int sum) {
        int d = element;
        for (; d + Lanes.COUNT <= headDim; d += Lanes.COUNT) {
            oneVector(value + d, weight, count, sum + d);
        }
        for (; d < headDim; d++) {
            oneElement(value + d, weight, count, sum + d);
        }
    }

    /** Multiplies a unit's sum. */
    void scale(int sum, float factor) {
        int whole = Lanes.whole(headDim);
        for (int d = 0; d < whole; d += Lanes.COUNT) {
            Lanes.store(Lanes.load(sums, sum + d).mul(factor), sums, sum + d);
        }
        for (int d = whole; d < headDim; d++) {
            sums[sum + d] *= factor;
        }
    }

    /**
     * Four units, four vectors. Longer than other methods: sixteen accumulators must be named to stay in registers. It
     * calls the Vector API without helpers, because the compiler stops inlining helpers in a method of this size.
     */
    private void fourWide(int value, int weight, int count, int sum) {
        long v = (values + Layouts.floats(value)) & Memory.MASK;
        long stride = Layouts.floats(headDim & Memory.INDEX);
        float[] w = weights;
        float[] s = sums;
        int w1 = weight + weightStride;
        int w2 = w1 + weightStride;
        int w3 = w2 + weightStride;
        int s1 = sum + headDim;
        int s2 = s1 + headDim;
        int s3 = s2 + headDim;
        FloatVector a00 = FloatVector.fromArray(Lanes.FLOATS, s, sum);
        FloatVector a01 = FloatVector.fromArray(Lanes.FLOATS, s, sum + Lanes.COUNT);
        FloatVector a02 = FloatVector.fromArray(Lanes.FLOATS, s, sum + 2 * Lanes.COUNT);
        FloatVector a03 = FloatVector.fromArray(Lanes.FLOATS, s, sum + 3 * Lanes.COUNT);
        FloatVector a10 = FloatVector.fromArray(Lanes.FLOATS, s, s1);
        FloatVector a11 = FloatVector.fromArray(Lanes.FLOATS, s, s1 + Lanes.COUNT);
        FloatVector a12 = FloatVector.fromArray(Lanes.FLOATS, s, s1 + 2 * Lanes.COUNT);
        FloatVector a13 = FloatVector.fromArray(Lanes.FLOATS, s, s1 + 3 * Lanes.COUNT);
        FloatVector a20 = FloatVector.fromArray(Lanes.FLOATS, s, s2);
        FloatVector a21 = FloatVector.fromArray(Lanes.FLOATS, s, s2 + Lanes.COUNT);
        FloatVector a22 = FloatVector.fromArray(Lanes.FLOATS, s, s2 + 2 * Lanes.COUNT);
        FloatVector a23 = FloatVector.fromArray(Lanes.FLOATS, s, s2 + 3 * Lanes.COUNT);
        FloatVector a30 = FloatVector.fromArray(Lanes.FLOATS, s, s3);
        FloatVector a31 = FloatVector.fromArray(Lanes.FLOATS, s, s3 + Lanes.COUNT);
        FloatVector a32 = FloatVector.fromArray(Lanes.FLOATS, s, s3 + 2 * Lanes.COUNT);
        FloatVector a33 = FloatVector.fromArray(Lanes.FLOATS, s, s3 + 3 * Lanes.COUNT);
        for (int p = 0; p < count; p++) {
            long row = v + (p & Memory.INDEX) * stride;
            FloatVector v0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row, Layouts.ORDER);
            FloatVector v1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + Lanes.BYTES, Layouts.ORDER);
            FloatVector v2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + 2 * Lanes.BYTES, Layouts.ORDER);
            FloatVector v3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + 3 * Lanes.BYTES, Layouts.ORDER);
            FloatVector p0 = FloatVector.broadcast(Lanes.FLOATS, w[weight + p]);
            a00 = v0.fma(p0, a00);
            a01 = v1.fma(p0, a01);
            a02 = v2.fma(p0, a02);
            a03 = v3.fma(p0, a03);
            FloatVector p1 = FloatVector.broadcast(Lanes.FLOATS, w[w1 + p]);
            a10 = v0.fma(p1, a10);
            a11 = v1.fma(p1, a11);
            a12 = v2.fma(p1, a12);
            a13 = v3.fma(p1, a13);
            FloatVector p2 = FloatVector.broadcast(Lanes.FLOATS, w[w2 + p]);
            a20 = v0.fma(p2, a20);
            a21 = v1.fma(p2, a21);
            a22 = v2.fma(p2, a22);
            a23 = v3.fma(p2, a23);
            FloatVector p3 = FloatVector.broadcast(Lanes.FLOATS, w[w3 + p]);
            a30 = v0.fma(p3, a30);
            a31 = v1.fma(p3, a31);
            a32 = v2.fma(p3, a32);
            a33 = v3.fma(p3, a33);
        }
        a00.intoArray(s, sum);
        a01.intoArray(s, sum + Lanes.COUNT);
        a02.intoArray(s, sum + 2 * Lanes.COUNT);
        a03.intoArray(s, sum + 3 * Lanes.COUNT);
        a10.intoArray(s, s1);
        a11.intoArray(s, s1 + Lanes.COUNT);
        a12.intoArray(s, s1 + 2 * Lanes.COUNT);
        a13.intoArray(s, s1 + 3 * Lanes.COUNT);
        a20.intoArray(s, s2);
        a21.intoArray(s, s2 + Lanes.COUNT);
        a22.intoArray(s, s2 + 2 * Lanes.COUNT);
        a23.intoArray(s, s2 + 3 * Lanes.COUNT);
        a30.intoArray(s, s3);
        a31.intoArray(s, s3 + Lanes.COUNT);
        a32.intoArray(s, s3 + 2 * Lanes.COUNT);
        a33.intoArray(s, s3 + 3 * Lanes.COUNT);
    }

    private void oneWide(int value, int weight, int count, int sum) {
        long v = (values + Layouts.floats(value)) & Memory.MASK;
        long stride = Layouts.floats(headDim & Memory.INDEX);
        float[] s = sums;
        FloatVector a0 = Lanes.load(s, sum);
        FloatVector a1 = Lanes.load(s, sum + Lanes.COUNT);
        FloatVector a2 = Lanes.load(s, sum + 2 * Lanes.COUNT);
        FloatVector a3 = Lanes.load(s, sum + 3 * Lanes.COUNT);
        for (int p = 0; p < count; p++) {
            long row = v + (p & Memory.INDEX) * stride;
            FloatVector w = FloatVector.broadcast(Lanes.FLOATS, weights[weight + p]);
            a0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row, Layouts.ORDER)
                    .fma(w, a0);
            a1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + Lanes.BYTES, Layouts.ORDER)
                    .fma(w, a1);
            a2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + 2 * Lanes.BYTES, Layouts.ORDER)
                    .fma(w, a2);
            a3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + 3 * Lanes.BYTES, Layouts.ORDER)
                    .fma(w, a3);
        }
        storeFour(s, sum, a0, a1, a2, a3);
    }

    private void oneVector(int value, int weight, int count, int sum) {
        FloatVector a = Lanes.load(sums, sum);
        for (int p = 0; p < count; p++) {
            long at = values + Layouts.floats(value + (long) p * headDim);
            a = Lanes.load(ALL, at).fma(Lanes.all(weights[weight + p]), a);
        }
        Lanes.store(a, sums, sum);
    }

    private void oneElement(int value, int weight, int count, int sum) {
        float a = sums[sum];
        for (int p = 0; p < count; p++) {
            long at = values + Layouts.floats(value + (long) p * headDim);
            a = Math.fma(ALL.get(Layouts.F32, at), weights[weight + p], a);
        }
        sums[sum] = a;
    }

    private static void storeFour(
            float[] sums, int to, FloatVector a0, FloatVector a1, FloatVector a2, FloatVector a3) {
        Lanes.store(a0, sums, to);
        Lanes.store(a1, sums, to + Lanes.COUNT);
        Lanes.store(a2, sums, to + 2 * Lanes.COUNT);
        Lanes.store(a3, sums, to + 3 * Lanes.COUNT);
    }
}
