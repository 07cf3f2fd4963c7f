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
    /** Where the sums' segment holds zeros, enough for any tile: see {@link HostScratch#sums()}. */
    private static final long ZEROS = 0;

    private final MemorySegment weights;
    private final long weightStride;
    private final MemorySegment inputs;
    private final long inputStride;
    private final MemorySegment sums;
    private final long sumStride;

    /**
     * Creates the tiles of one product.
     *
     * @param weights rows of f32
     * @param weightStride bytes from row to row
     * @param inputs rows of f32
     * @param inputStride bytes from input to input
     * @param sums {@link HostScratch#sums()}; vectors of consecutive rows follow each other
     * @param sumStride bytes from the vector of one input to that of the next, same row
     */
    DotTiles(
            MemorySegment weights,
            long weightStride,
            MemorySegment inputs,
            long inputStride,
            MemorySegment sums,
            long sumStride) {
        this.weights = weights;
        this.weightStride = weightStride;
        this.inputs = inputs;
        this.inputStride = inputStride;
        this.sums = sums;
        this.sumStride = sumStride;
    }

    /**
     * Multiplies {@code rows} rows with {@code count} inputs.
     *
     * @param weight offset of the first row
     * @param rows number of rows
     * @param input offset of the first input
     * @param count number of inputs
     * @param columns number of columns, a multiple of the lanes
     * @param sum offset of the first vector of sums
     * @param fresh whether sums start at zero; else the products are added to them
     */
    void multiply(long weight, int rows, long input, int count, int columns, long sum, boolean fresh) {
        int quads = rows & -4;
        int i = 0;
        for (; i + 4 <= count; i += 4) {
            for (int r = 0; r < quads; r += 4) {
                long to = sum + i * sumStride + r * Lanes.BYTES;
                fourByFour(weight + r * weightStride, input + i * inputStride, columns, fresh ? ZEROS : to, to);
            }
        }
        for (; i < count; i++) {
            for (int r = 0; r < quads; r += 4) {
                long to = sum + i * sumStride + r * Lanes.BYTES;
                fourByOne(weight + r * weightStride, input + i * inputStride, columns, fresh ? ZEROS : to, to);
            }
        }
        for (int r = quads; r < rows; r++) {
            for (i = 0; i < count; i++) {
                long to = sum + i * sumStride + r * Lanes.BYTES;
                oneByOne(weight + r * weightStride, input + i * inputStride, columns, fresh ? ZEROS : to, to);
            }
        }
    }

    /** Four rows with four inputs. Longer than other methods: sixteen accumulators must be named to stay in registers. */
    private void fourByFour(long weight, long input, int columns, long from, long to) {
        MemorySegment w = weights;
        MemorySegment x = inputs;
        MemorySegment s = sums;
        long w1 = weight + weightStride;
        long w2 = w1 + weightStride;
        long w3 = w2 + weightStride;
        long x1 = input + inputStride;
        long x2 = x1 + inputStride;
        long x3 = x2 + inputStride;
        long from1 = from + sumStride;
        long from2 = from1 + sumStride;
        long from3 = from2 + sumStride;
        FloatVector a00 = Lanes.load(s, from);
        FloatVector a01 = Lanes.load(s, from + Lanes.BYTES);
        FloatVector a02 = Lanes.load(s, from + 2 * Lanes.BYTES);
        FloatVector a03 = Lanes.load(s, from + 3 * Lanes.BYTES);
        FloatVector a10 = Lanes.load(s, from1);
        FloatVector a11 = Lanes.load(s, from1 + Lanes.BYTES);
        FloatVector a12 = Lanes.load(s, from1 + 2 * Lanes.BYTES);
        FloatVector a13 = Lanes.load(s, from1 + 3 * Lanes.BYTES);
        FloatVector a20 = Lanes.load(s, from2);
        FloatVector a21 = Lanes.load(s, from2 + Lanes.BYTES);
        FloatVector a22 = Lanes.load(s, from2 + 2 * Lanes.BYTES);
        FloatVector a23 = Lanes.load(s, from2 + 3 * Lanes.BYTES);
        FloatVector a30 = Lanes.load(s, from3);
        FloatVector a31 = Lanes.load(s, from3 + Lanes.BYTES);
        FloatVector a32 = Lanes.load(s, from3 + 2 * Lanes.BYTES);
        FloatVector a33 = Lanes.load(s, from3 + 3 * Lanes.BYTES);
        for (int c = 0; c < columns; c += Lanes.COUNT) {
            long offset = Layouts.floats(c);
            FloatVector r0 = Lanes.load(w, weight + offset);
            FloatVector r1 = Lanes.load(w, w1 + offset);
            FloatVector r2 = Lanes.load(w, w2 + offset);
            FloatVector r3 = Lanes.load(w, w3 + offset);
            FloatVector t0 = Lanes.load(x, input + offset);
            a00 = r0.fma(t0, a00);
            a01 = r1.fma(t0, a01);
            a02 = r2.fma(t0, a02);
            a03 = r3.fma(t0, a03);
            FloatVector t1 = Lanes.load(x, x1 + offset);
            a10 = r0.fma(t1, a10);
            a11 = r1.fma(t1, a11);
            a12 = r2.fma(t1, a12);
            a13 = r3.fma(t1, a13);
            FloatVector t2 = Lanes.load(x, x2 + offset);
            a20 = r0.fma(t2, a20);
            a21 = r1.fma(t2, a21);
            a22 = r2.fma(t2, a22);
            a23 = r3.fma(t2, a23);
            FloatVector t3 = Lanes.load(x, x3 + offset);
            a30 = r0.fma(t3, a30);
            a31 = r1.fma(t3, a31);
            a32 = r2.fma(t3, a32);
            a33 = r3.fma(t3, a33);
        }
        storeFour(s, to, a00, a01, a02, a03);
        storeFour(s, to + sumStride, a10, a11, a12, a13);
        storeFour(s, to + 2 * sumStride, a20, a21, a22, a23);
        storeFour(s, to + 3 * sumStride, a30, a31, a32, a33);
    }

    /** Four rows with one input. */
    private void fourByOne(long weight, long input, int columns, long from, long to) {
        MemorySegment w = weights;
        MemorySegment x = inputs;
        MemorySegment s = sums;
        long w1 = weight + weightStride;
        long w2 = w1 + weightStride;
        long w3 = w2 + weightStride;
        FloatVector a0 = Lanes.load(s, from);
        FloatVector a1 = Lanes.load(s, from + Lanes.BYTES);
        FloatVector a2 = Lanes.load(s, from + 2 * Lanes.BYTES);
        FloatVector a3 = Lanes.load(s, from + 3 * Lanes.BYTES);
        for (int c = 0; c < columns; c += Lanes.COUNT) {
            long offset = Layouts.floats(c);
            FloatVector t = Lanes.load(x, input + offset);
            a0 = Lanes.load(w, weight + offset).fma(t, a0);
            a1 = Lanes.load(w, w1 + offset).fma(t, a1);
            a2 = Lanes.load(w, w2 + offset).fma(t, a2);
            a3 = Lanes.load(w, w3 + offset).fma(t, a3);
        }
        storeFour(s, to, a0, a1, a2, a3);
    }

    /** One row with one input. */
    private void oneByOne(long weight, long input, int columns, long from, long to) {
        MemorySegment w = weights;
        MemorySegment x = inputs;
        FloatVector a = Lanes.load(sums, from);
        for (int c = 0; c < columns; c += Lanes.COUNT) {
            long offset = Layouts.floats(c);
            a = Lanes.load(w, weight + offset).fma(Lanes.load(x, input + offset), a);
        }
        Lanes.store(a, sums, to);
    }

    private static void storeFour(
            MemorySegment sums, long to, FloatVector a0, FloatVector a1, FloatVector a2, FloatVector a3) {
        Lanes.store(a0, sums, to);
        Lanes.store(a1, sums, to + Lanes.BYTES);
        Lanes.store(a2, sums, to + 2 * Lanes.BYTES);
        Lanes.store(a3, sums, to + 3 * Lanes.BYTES);
    }
}
