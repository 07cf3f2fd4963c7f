package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Dot products of rows of weights with rows of inputs, a tile at a time, vectors of partial sums in memory.
 *
 * <p>Each (row, input) pair has one accumulator that takes its columns in ascending order, whatever the tile: all tile
 * shapes give the same bits. Several pairs at once hide the latency of the multiply-add and share loads.
 */
final class DotTiles {
    /** Where {@link HostScratch#sums()} holds zeros, enough for any tile. */
    private static final int ZEROS = 0;

    private static final MemorySegment ALL = Memory.ALL;

    private final long rows;
    private final int rowStride;
    private final long inputs;
    private final int inputStride;
    private final float[] sums;
    private final int sumRowStride;
    private final int sumInputStride;

    /**
     * Creates the tiles of one product.
     *
     * @param rows address of the rows
     * @param rowStride floats from row to row
     * @param inputs address of the inputs
     * @param inputStride floats from input to input
     * @param sums {@link HostScratch#sums()}
     * @param sumRowStride floats from the vector of one row to that of the next, same input
     * @param sumInputStride floats from the vector of one input to that of the next, same row
     */
    DotTiles(
            long rows,
            int rowStride,
            long inputs,
            int inputStride,
            float[] sums,
            int sumRowStride,
            int sumInputStride) {
        this.rows = rows;
        this.rowStride = rowStride;
        this.inputs = inputs;
        this.inputStride = inputStride;
        this.sums = sums;
        this.sumRowStride = sumRowStride;
        this.sumInputStride = sumInputStride;
    }

    /**
     * Multiplies the first {@code rowCount} rows with {@code inputCount} inputs.
     *
     * @param rowCount number of rows
     * @param input index of the first input
     * @param inputCount number of inputs
     * @param columns number of columns, a multiple of the lanes
     * @param sum index of the first vector of sums
     * @param fresh whether sums start at zero; else the products are added to them
     */
    void multiply(int rowCount, int input, int inputCount, int columns, int sum, boolean fresh) {
        int quads = rowCount & -4;
        int i = 0;
        for (; i + 4 <= inputCount; i += 4) {
            for (int r = 0; r < quads; r += 4) {
                int to = sum + i * sumInputStride + r * sumRowStride;
                fourByFour(r * rowStride, input + i * inputStride, columns, fresh ? ZEROS : to, to);
            }
        }
        for (; i < inputCount; i++) {
            for (int r = 0; r < quads; r += 4) {
                int to = sum + i * sumInputStride + r * sumRowStride;
                fourByOne(r * rowStride, input + i * inputStride, columns, fresh ? ZEROS : to, to);
            }
        }
        for (int r = quads; r < rowCount; r++) {
            for (i = 0; i < inputCount; i++) {
                int to = sum + i * sumInputStride + r * sumRowStride;
                oneByOne(r * rowStride, input + i * inputStride, columns, fresh ? ZEROS : to, to);
            }
        }
    }

    /**
     * Four rows with four inputs. Longer than other methods: sixteen accumulators must be named to stay in registers.
     * It calls the Vector API without helpers, because the compiler stops inlining helpers in a method of this size.
     */
    private void fourByFour(int row, int input, int columns, int from, int to) {
        float[] s = sums;
        long rowBytes = Layouts.floats(rowStride);
        long w0 = (rows + Layouts.floats(row)) & Memory.MASK;
        long w1 = (w0 + rowBytes) & Memory.MASK;
        long w2 = (w1 + rowBytes) & Memory.MASK;
        long w3 = (w2 + rowBytes) & Memory.MASK;
        long inputBytes = Layouts.floats(inputStride);
        long x0 = (inputs + Layouts.floats(input)) & Memory.MASK;
        long x1 = (x0 + inputBytes) & Memory.MASK;
        long x2 = (x1 + inputBytes) & Memory.MASK;
        long x3 = (x2 + inputBytes) & Memory.MASK;
        int r = sumRowStride;
        int f1 = from + sumInputStride;
        int f2 = f1 + sumInputStride;
        int f3 = f2 + sumInputStride;
        FloatVector a00 = FloatVector.fromArray(Lanes.FLOATS, s, from);
        FloatVector a01 = FloatVector.fromArray(Lanes.FLOATS, s, from + r);
        FloatVector a02 = FloatVector.fromArray(Lanes.FLOATS, s, from + 2 * r);
        FloatVector a03 = FloatVector.fromArray(Lanes.FLOATS, s, from + 3 * r);
        FloatVector a10 = FloatVector.fromArray(Lanes.FLOATS, s, f1);
        FloatVector a11 = FloatVector.fromArray(Lanes.FLOATS, s, f1 + r);
        FloatVector a12 = FloatVector.fromArray(Lanes.FLOATS, s, f1 + 2 * r);
        FloatVector a13 = FloatVector.fromArray(Lanes.FLOATS, s, f1 + 3 * r);
        FloatVector a20 = FloatVector.fromArray(Lanes.FLOATS, s, f2);
        FloatVector a21 = FloatVector.fromArray(Lanes.FLOATS, s, f2 + r);
        FloatVector a22 = FloatVector.fromArray(Lanes.FLOATS, s, f2 + 2 * r);
        FloatVector a23 = FloatVector.fromArray(Lanes.FLOATS, s, f2 + 3 * r);
        FloatVector a30 = FloatVector.fromArray(Lanes.FLOATS, s, f3);
        FloatVector a31 = FloatVector.fromArray(Lanes.FLOATS, s, f3 + r);
        FloatVector a32 = FloatVector.fromArray(Lanes.FLOATS, s, f3 + 2 * r);
        FloatVector a33 = FloatVector.fromArray(Lanes.FLOATS, s, f3 + 3 * r);
        for (int c = 0; c < columns; c += Lanes.COUNT) {
            long at = (long) (c & Memory.INDEX) * Float.BYTES;
            FloatVector r0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w0 + at, Layouts.ORDER);
            FloatVector r1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w1 + at, Layouts.ORDER);
            FloatVector r2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w2 + at, Layouts.ORDER);
            FloatVector r3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w3 + at, Layouts.ORDER);
            FloatVector i0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x0 + at, Layouts.ORDER);
            a00 = r0.fma(i0, a00);
            a01 = r1.fma(i0, a01);
            a02 = r2.fma(i0, a02);
            a03 = r3.fma(i0, a03);
            FloatVector i1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x1 + at, Layouts.ORDER);
            a10 = r0.fma(i1, a10);
            a11 = r1.fma(i1, a11);
            a12 = r2.fma(i1, a12);
            a13 = r3.fma(i1, a13);
            FloatVector i2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x2 + at, Layouts.ORDER);
            a20 = r0.fma(i2, a20);
            a21 = r1.fma(i2, a21);
            a22 = r2.fma(i2, a22);
            a23 = r3.fma(i2, a23);
            FloatVector i3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x3 + at, Layouts.ORDER);
            a30 = r0.fma(i3, a30);
            a31 = r1.fma(i3, a31);
            a32 = r2.fma(i3, a32);
            a33 = r3.fma(i3, a33);
        }
        a00.intoArray(s, to);
        a01.intoArray(s, to + r);
        a02.intoArray(s, to + 2 * r);
        a03.intoArray(s, to + 3 * r);
        int t1 = to + sumInputStride;
        int t2 = t1 + sumInputStride;
        int t3 = t2 + sumInputStride;
        a10.intoArray(s, t1);
        a11.intoArray(s, t1 + r);
        a12.intoArray(s, t1 + 2 * r);
        a13.intoArray(s, t1 + 3 * r);
        a20.intoArray(s, t2);
        a21.intoArray(s, t2 + r);
        a22.intoArray(s, t2 + 2 * r);
        a23.intoArray(s, t2 + 3 * r);
        a30.intoArray(s, t3);
        a31.intoArray(s, t3 + r);
        a32.intoArray(s, t3 + 2 * r);
        a33.intoArray(s, t3 + 3 * r);
    }

    /** Four rows with one input. */
    private void fourByOne(int row, int input, int columns, int from, int to) {
        long rowBytes = Layouts.floats(rowStride);
        long w0 = (rows + Layouts.floats(row)) & Memory.MASK;
        long w1 = (w0 + rowBytes) & Memory.MASK;
        long w2 = (w1 + rowBytes) & Memory.MASK;
        long w3 = (w2 + rowBytes) & Memory.MASK;
        long x0 = (inputs + Layouts.floats(input)) & Memory.MASK;
        FloatVector a0 = Lanes.load(sums, from);
        FloatVector a1 = Lanes.load(sums, from + sumRowStride);
        FloatVector a2 = Lanes.load(sums, from + 2 * sumRowStride);
        FloatVector a3 = Lanes.load(sums, from + 3 * sumRowStride);
        for (int c = 0; c < columns; c += Lanes.COUNT) {
            long at = (long) (c & Memory.INDEX) * Float.BYTES;
            FloatVector i = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x0 + at, Layouts.ORDER);
            a0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w0 + at, Layouts.ORDER)
                    .fma(i, a0);
            a1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w1 + at, Layouts.ORDER)
                    .fma(i, a1);
            a2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w2 + at, Layouts.ORDER)
                    .fma(i, a2);
            a3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w3 + at, Layouts.ORDER)
                    .fma(i, a3);
        }
        storeFour(to, a0, a1, a2, a3);
    }

    /** One row with one input. */
    private void oneByOne(int row, int input, int columns, int from, int to) {
        long w0 = (rows + Layouts.floats(row)) & Memory.MASK;
        long x0 = (inputs + Layouts.floats(input)) & Memory.MASK;
        FloatVector a = Lanes.load(sums, from);
        for (int c = 0; c < columns; c += Lanes.COUNT) {
            long at = (long) (c & Memory.INDEX) * Float.BYTES;
            FloatVector i = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, x0 + at, Layouts.ORDER);
            a = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w0 + at, Layouts.ORDER)
                    .fma(i, a);
        }
        Lanes.store(a, sums, to);
    }

    private void storeFour(int to, FloatVector a0, FloatVector a1, FloatVector a2, FloatVector a3) {
        Lanes.store(a0, sums, to);
        Lanes.store(a1, sums, to + sumRowStride);
        Lanes.store(a2, sums, to + 2 * sumRowStride);
        Lanes.store(a3, sums, to + 3 * sumRowStride);
    }
}
