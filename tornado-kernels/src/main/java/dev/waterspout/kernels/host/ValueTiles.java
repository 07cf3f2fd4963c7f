package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.machine.ValueKernels;
import dev.waterspout.kernels.machine.ValueTile;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/**
 * Weighted sums of cached values, accumulated in memory from tile to tile.
 *
 * <p>Every element takes its positions in ascending order with one multiply-add each, however many units are processed
 * together.
 */
final class ValueTiles {
    private static final int WIDE = 4 * Lanes.COUNT;

    private static final MemorySegment ALL = Memory.ALL;

    private long values;
    private final int headDim;
    private final long weights;
    private final int weightStride;
    private final long sums;
    /** Sums of one unit and of four in machine code, or null. */
    private final @Nullable ValueKernels one;

    private final @Nullable ValueKernels four;

    /**
     * Creates the tiles of one attention call.
     *
     * @param values address of a tile, [positions][headDim]
     * @param headDim elements of a value
     * @param weights address, [units][positions]
     * @param weightStride floats from unit to unit
     * @param sums address of dense rows of {@code headDim}, one per unit
     * @param machine does the sums where it can, or null
     */
    ValueTiles(long values, int headDim, long weights, int weightStride, long sums, @Nullable MachineCode machine) {
        this.values = values;
        this.headDim = headDim;
        this.weights = weights;
        this.weightStride = weightStride;
        this.sums = sums;
        one = kernels(machine, 1);
        four = kernels(machine, ValueTile.MOST_UNITS);
    }

    private @Nullable ValueKernels kernels(@Nullable MachineCode machine, int units) {
        if (machine == null || headDim < Lanes.COUNT) {
            return null;
        }
        int row = headDim * Float.BYTES;
        int vectors = headDim / Lanes.COUNT;
        ValueTile shape = new ValueTile(Lanes.COUNT * Float.SIZE, units, vectors, row, weightStride * Float.BYTES, row);
        return machine.values(shape).orElse(null);
    }

    /** Takes the values from here on from another address. */
    void readValues(long address) {
        values = address;
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
        if (four != null && count > 0) {
            four.add(values, weights + Layouts.floats(weight), sums + Layouts.floats(sum), count);
            d = Lanes.whole(headDim);
        }
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
     * @param position position of the first value in the tile
     * @param weight index of its weight
     * @param count number of positions
     * @param sum index of the unit's sum
     */
    void addOne(int position, int weight, int count, int sum) {
        int value = position * headDim;
        int d = 0;
        if (one != null && count > 0) {
            one.add(
                    values + Layouts.floats(value),
                    weights + Layouts.floats(weight),
                    sums + Layouts.floats(sum),
                    count);
            d = Lanes.whole(headDim);
        }
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
            long at = sums + Layouts.floats(sum + d);
            Lanes.store(Lanes.load(ALL, at).mul(factor), ALL, at);
        }
        for (int d = whole; d < headDim; d++) {
            long at = sums + Layouts.floats(sum + d);
            ALL.set(Layouts.F32, at, ALL.get(Layouts.F32, at) * factor);
        }
    }

    /**
     * Four units, four vectors. Longer than other methods: sixteen accumulators must be named to stay in registers. It
     * calls the Vector API without helpers, because the compiler stops inlining helpers in a method of this size.
     */
    private void fourWide(int value, int weight, int count, int sum) {
        long v = (values + Layouts.floats(value)) & Memory.MASK;
        long stride = Layouts.floats(headDim & Memory.INDEX);
        long unitBytes = Layouts.floats(weightStride);
        long w0 = (weights + Layouts.floats(weight)) & Memory.MASK;
        long w1 = (w0 + unitBytes) & Memory.MASK;
        long w2 = (w1 + unitBytes) & Memory.MASK;
        long w3 = (w2 + unitBytes) & Memory.MASK;
        long s0 = (sums + Layouts.floats(sum)) & Memory.MASK;
        long s1 = (s0 + stride) & Memory.MASK;
        long s2 = (s1 + stride) & Memory.MASK;
        long s3 = (s2 + stride) & Memory.MASK;
        FloatVector a00 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s0, Layouts.ORDER);
        FloatVector a01 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s0 + Lanes.BYTES, Layouts.ORDER);
        FloatVector a02 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s0 + 2 * Lanes.BYTES, Layouts.ORDER);
        FloatVector a03 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s0 + 3 * Lanes.BYTES, Layouts.ORDER);
        FloatVector a10 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s1, Layouts.ORDER);
        FloatVector a11 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s1 + Lanes.BYTES, Layouts.ORDER);
        FloatVector a12 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s1 + 2 * Lanes.BYTES, Layouts.ORDER);
        FloatVector a13 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s1 + 3 * Lanes.BYTES, Layouts.ORDER);
        FloatVector a20 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s2, Layouts.ORDER);
        FloatVector a21 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s2 + Lanes.BYTES, Layouts.ORDER);
        FloatVector a22 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s2 + 2 * Lanes.BYTES, Layouts.ORDER);
        FloatVector a23 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s2 + 3 * Lanes.BYTES, Layouts.ORDER);
        FloatVector a30 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s3, Layouts.ORDER);
        FloatVector a31 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s3 + Lanes.BYTES, Layouts.ORDER);
        FloatVector a32 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s3 + 2 * Lanes.BYTES, Layouts.ORDER);
        FloatVector a33 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, s3 + 3 * Lanes.BYTES, Layouts.ORDER);
        for (int p = 0; p < count; p++) {
            long row = v + (p & Memory.INDEX) * stride;
            long at = (long) (p & Memory.INDEX) * Float.BYTES;
            FloatVector v0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row, Layouts.ORDER);
            FloatVector v1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + Lanes.BYTES, Layouts.ORDER);
            FloatVector v2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + 2 * Lanes.BYTES, Layouts.ORDER);
            FloatVector v3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + 3 * Lanes.BYTES, Layouts.ORDER);
            FloatVector p0 = FloatVector.broadcast(Lanes.FLOATS, ALL.get(Layouts.F32, w0 + at));
            a00 = v0.fma(p0, a00);
            a01 = v1.fma(p0, a01);
            a02 = v2.fma(p0, a02);
            a03 = v3.fma(p0, a03);
            FloatVector p1 = FloatVector.broadcast(Lanes.FLOATS, ALL.get(Layouts.F32, w1 + at));
            a10 = v0.fma(p1, a10);
            a11 = v1.fma(p1, a11);
            a12 = v2.fma(p1, a12);
            a13 = v3.fma(p1, a13);
            FloatVector p2 = FloatVector.broadcast(Lanes.FLOATS, ALL.get(Layouts.F32, w2 + at));
            a20 = v0.fma(p2, a20);
            a21 = v1.fma(p2, a21);
            a22 = v2.fma(p2, a22);
            a23 = v3.fma(p2, a23);
            FloatVector p3 = FloatVector.broadcast(Lanes.FLOATS, ALL.get(Layouts.F32, w3 + at));
            a30 = v0.fma(p3, a30);
            a31 = v1.fma(p3, a31);
            a32 = v2.fma(p3, a32);
            a33 = v3.fma(p3, a33);
        }
        a00.intoMemorySegment(ALL, s0, Layouts.ORDER);
        a01.intoMemorySegment(ALL, s0 + Lanes.BYTES, Layouts.ORDER);
        a02.intoMemorySegment(ALL, s0 + 2 * Lanes.BYTES, Layouts.ORDER);
        a03.intoMemorySegment(ALL, s0 + 3 * Lanes.BYTES, Layouts.ORDER);
        a10.intoMemorySegment(ALL, s1, Layouts.ORDER);
        a11.intoMemorySegment(ALL, s1 + Lanes.BYTES, Layouts.ORDER);
        a12.intoMemorySegment(ALL, s1 + 2 * Lanes.BYTES, Layouts.ORDER);
        a13.intoMemorySegment(ALL, s1 + 3 * Lanes.BYTES, Layouts.ORDER);
        a20.intoMemorySegment(ALL, s2, Layouts.ORDER);
        a21.intoMemorySegment(ALL, s2 + Lanes.BYTES, Layouts.ORDER);
        a22.intoMemorySegment(ALL, s2 + 2 * Lanes.BYTES, Layouts.ORDER);
        a23.intoMemorySegment(ALL, s2 + 3 * Lanes.BYTES, Layouts.ORDER);
        a30.intoMemorySegment(ALL, s3, Layouts.ORDER);
        a31.intoMemorySegment(ALL, s3 + Lanes.BYTES, Layouts.ORDER);
        a32.intoMemorySegment(ALL, s3 + 2 * Lanes.BYTES, Layouts.ORDER);
        a33.intoMemorySegment(ALL, s3 + 3 * Lanes.BYTES, Layouts.ORDER);
    }

    private void oneWide(int value, int weight, int count, int sum) {
        long v = (values + Layouts.floats(value)) & Memory.MASK;
        long stride = Layouts.floats(headDim & Memory.INDEX);
        long s = sums + Layouts.floats(sum);
        FloatVector a0 = Lanes.load(ALL, s);
        FloatVector a1 = Lanes.load(ALL, s + Lanes.BYTES);
        FloatVector a2 = Lanes.load(ALL, s + 2 * Lanes.BYTES);
        FloatVector a3 = Lanes.load(ALL, s + 3 * Lanes.BYTES);
        for (int p = 0; p < count; p++) {
            long row = v + (p & Memory.INDEX) * stride;
            FloatVector w = FloatVector.broadcast(Lanes.FLOATS, weight(weight + p));
            a0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row, Layouts.ORDER)
                    .fma(w, a0);
            a1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + Lanes.BYTES, Layouts.ORDER)
                    .fma(w, a1);
            a2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + 2 * Lanes.BYTES, Layouts.ORDER)
                    .fma(w, a2);
            a3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, row + 3 * Lanes.BYTES, Layouts.ORDER)
                    .fma(w, a3);
        }
        storeFour(s, a0, a1, a2, a3);
    }

    private void oneVector(int value, int weight, int count, int sum) {
        FloatVector a = Lanes.load(ALL, sums + Layouts.floats(sum));
        for (int p = 0; p < count; p++) {
            long at = values + Layouts.floats(value + (long) p * headDim);
            a = Lanes.load(ALL, at).fma(Lanes.all(weight(weight + p)), a);
        }
        Lanes.store(a, ALL, sums + Layouts.floats(sum));
    }

    private void oneElement(int value, int weight, int count, int sum) {
        float a = ALL.get(Layouts.F32, sums + Layouts.floats(sum));
        for (int p = 0; p < count; p++) {
            long at = values + Layouts.floats(value + (long) p * headDim);
            a = Math.fma(ALL.get(Layouts.F32, at), weight(weight + p), a);
        }
        ALL.set(Layouts.F32, sums + Layouts.floats(sum), a);
    }

    private float weight(int index) {
        return ALL.get(Layouts.F32, weights + Layouts.floats(index));
    }

    private static void storeFour(long to, FloatVector a0, FloatVector a1, FloatVector a2, FloatVector a3) {
        Lanes.store(a0, ALL, to);
        Lanes.store(a1, ALL, to + Lanes.BYTES);
        Lanes.store(a2, ALL, to + 2 * Lanes.BYTES);
        Lanes.store(a3, ALL, to + 3 * Lanes.BYTES);
    }
}
