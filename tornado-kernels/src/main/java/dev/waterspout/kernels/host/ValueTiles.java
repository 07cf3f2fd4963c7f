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
 * Weighted sums of rows, accumulated in memory: {@code sums[u][i] += weights[u][p] * values[p][i]}. Attention adds
 * cached values, weighted by the softmax, and computes scores, where the elements of a query weigh rows of a
 * {@link KeyPanel}.
 *
 * <p>Every element takes its rows in ascending order with one multiply-add each, however many units are processed
 * together.
 */
final class ValueTiles {
    /** Elements that the Vector API takes at a time. */
    static final int WIDE = 4 * Lanes.COUNT;

    /** Units that the Vector API takes at a time. */
    private static final int QUAD = 4;

    private static final MemorySegment ALL = Memory.ALL;

    private final int width;
    private final long weights;
    private final int weightStride;
    private final long sums;
    private final int sumStride;
    private final @Nullable MachineCode machine;

    /** Machine code by the number of units of a group and of vectors. */
    private final @Nullable ValueKernels[][] kernels =
            new ValueKernels[ValueTile.MOST_UNITS + 1][ValueTile.mostVectors(1) + 1];

    /** Address of the values at hand. */
    private long values;

    /**
     * Creates the tiles of one attention call.
     *
     * @param width elements of a row of values; rows follow each other
     * @param weights address of the first unit's first weight
     * @param weightStride floats from unit to unit
     * @param sums address of the first unit's first sum
     * @param sumStride floats from unit to unit
     * @param machine does the sums where it can, or null
     */
    ValueTiles(int width, long weights, int weightStride, long sums, int sumStride, @Nullable MachineCode machine) {
        this.width = width;
        this.weights = weights;
        this.weightStride = weightStride;
        this.sums = sums;
        this.sumStride = sumStride;
        this.machine = machine;
    }

    /** Takes the values from here on from an address. */
    void readValues(long address) {
        values = address;
    }

    /**
     * Adds values to the sums of some units.
     *
     * @param row index of the first value
     * @param rows number of values
     * @param weight index of the first unit's weight of the first value
     * @param sum index of the first unit's first sum
     * @param units number of units
     */
    void add(int row, int rows, int weight, int sum, int units) {
        if (rows == 0) {
            return;
        }
        int value = row * width;
        int done = machine == null ? 0 : addInMachineCode(machine, value, rows, weight, sum, units);
        int u = 0;
        for (; u + QUAD <= units; u += QUAD) {
            int d = done;
            for (; d + WIDE <= width; d += WIDE) {
                fourWide(value + d, weight + u * weightStride, rows, sum + u * sumStride + d);
            }
            for (int i = u; i < u + QUAD; i++) {
                addFrom(d, value, weight + i * weightStride, rows, sum + i * sumStride);
            }
        }
        for (; u < units; u++) {
            int d = done;
            for (; d + WIDE <= width; d += WIDE) {
                oneWide(value + d, weight + u * weightStride, rows, sum + u * sumStride + d);
            }
            addFrom(d, value, weight + u * weightStride, rows, sum + u * sumStride);
        }
    }

    /** {@return how many elements of the rows were added: all that fill vectors, or fewer where code does not work} */
    private int addInMachineCode(MachineCode code, int value, int rows, int weight, int sum, int units) {
        int most = evenParts(units, ValueTile.MOST_UNITS);
        int rest = units % most;
        int vectors = width / Lanes.COUNT;
        if (vectors == 0) {
            return 0;
        }
        int step = evenParts(vectors, ValueTile.mostVectors(most));
        for (int v = 0; v < vectors; v += step) {
            int count = Math.min(step, vectors - v);
            ValueKernels groups = kernels(code, most, count);
            ValueKernels last = rest == 0 ? groups : kernels(code, rest, count);
            if (groups == null || last == null) {
                return v * Lanes.COUNT;
            }
            long from = values + Layouts.floats(value + v * Lanes.COUNT);
            long w = weights + Layouts.floats(weight);
            long to = sums + Layouts.floats(sum + v * Lanes.COUNT);
            groups.add(from, w, to, rows, units / most);
            if (rest > 0) {
                long first = (long) units - rest;
                last.add(
                        from,
                        w + Layouts.floats(first * weightStride),
                        to + Layouts.floats(first * sumStride),
                        rows,
                        1);
            }
        }
        return vectors * Lanes.COUNT;
    }

    /** {@return the size of parts that a count is cut into, as even as it can be; no part is larger than the most} */
    private static int evenParts(int count, int most) {
        return Math.ceilDiv(count, Math.ceilDiv(count, most));
    }

    private @Nullable ValueKernels kernels(MachineCode code, int units, int vectors) {
        if (kernels[units][vectors] == null) {
            ValueTile shape = new ValueTile(
                    Lanes.COUNT * Float.SIZE,
                    units,
                    vectors,
                    width * Float.BYTES,
                    weightStride * Float.BYTES,
                    sumStride * Float.BYTES);
            kernels[units][vectors] = code.values(shape).orElse(null);
        }
        return kernels[units][vectors];
    }

    private void addFrom(int element, int value, int weight, int count, int sum) {
        int d = element;
        for (; d + Lanes.COUNT <= width; d += Lanes.COUNT) {
            oneVector(value + d, weight, count, sum + d);
        }
        for (; d < width; d++) {
            oneElement(value + d, weight, count, sum + d);
        }
    }

    /**
     * Four units, four vectors. Longer than other methods: sixteen accumulators must be named to stay in registers. It
     * calls the Vector API without helpers, because the compiler stops inlining helpers in a method of this size.
     */
    private void fourWide(int value, int weight, int count, int sum) {
        long v = (values + Layouts.floats(value)) & Memory.MASK;
        long stride = Layouts.floats(width & Memory.INDEX);
        long unitBytes = Layouts.floats(weightStride);
        long w0 = (weights + Layouts.floats(weight)) & Memory.MASK;
        long w1 = (w0 + unitBytes) & Memory.MASK;
        long w2 = (w1 + unitBytes) & Memory.MASK;
        long w3 = (w2 + unitBytes) & Memory.MASK;
        long s0 = (sums + Layouts.floats(sum)) & Memory.MASK;
        long sumBytes = Layouts.floats(sumStride);
        long s1 = (s0 + sumBytes) & Memory.MASK;
        long s2 = (s1 + sumBytes) & Memory.MASK;
        long s3 = (s2 + sumBytes) & Memory.MASK;
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
        long stride = Layouts.floats(width & Memory.INDEX);
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
            long at = values + Layouts.floats(value + (long) p * width);
            a = Lanes.load(ALL, at).fma(Lanes.all(weight(weight + p)), a);
        }
        Lanes.store(a, ALL, sums + Layouts.floats(sum));
    }

    private void oneElement(int value, int weight, int count, int sum) {
        float a = ALL.get(Layouts.F32, sums + Layouts.floats(sum));
        for (int p = 0; p < count; p++) {
            long at = values + Layouts.floats(value + (long) p * width);
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
