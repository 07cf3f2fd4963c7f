package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;

/**
 * Four rows of stored weights with one input, for few tokens: weights are expanded in registers and used once.
 *
 * <p>Each row has one accumulator over ascending columns, so the sums have the bits of {@link DotTiles} over expanded
 * weights. Columns that fill no vector are left out. There is a method per format, and each calls the Vector API
 * itself: a choice inside the loop, or a helper that the compiler does not inline, would put every vector on the heap.
 */
final class RowQuads {
    private RowQuads() {}

    /**
     * Multiplies four rows.
     *
     * @param weights the matrix
     * @param row first of the four rows
     * @param step rows from one of the four to the next
     * @param x holds the input
     * @param input its index
     * @param sums receives vectors of partial sums, one place per row of the matrix
     * @param to index of the first row's vector
     */
    static void multiply(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        switch (weights.format()) {
            case F32 -> f32(weights, row, step, x, input, sums, to);
            case BF16 -> bf16(weights, row, step, x, input, sums, to);
            case Q8_0 -> q8(weights, row, step, x, input, sums, to);
            case Q4_0 -> {
                q4(weights, row, step, x, input, sums, to);
                q4(weights, row + 2 * step, step, x, input, sums, to + 2 * step * Lanes.COUNT);
            }
            case F16 -> throw new IllegalArgumentException("F16 weights are not expanded in registers");
        }
    }

    /** Whether there is a kernel for the format. The Vector API cannot convert F16; a plain loop can, into memory. */
    static boolean supports(WeightFormat format) {
        return format != WeightFormat.F16;
    }

    private static void f32(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        MemorySegment data = weights.data();
        long distance = step * weights.rowStride();
        long w0 = weights.offset(row, 0);
        long w1 = w0 + distance;
        long w2 = w1 + distance;
        long w3 = w2 + distance;
        FloatVector a0 = Lanes.zero();
        FloatVector a1 = Lanes.zero();
        FloatVector a2 = Lanes.zero();
        FloatVector a3 = Lanes.zero();
        int whole = Lanes.whole(weights.columns());
        for (int c = 0; c < whole; c += Lanes.COUNT) {
            long at = Layouts.floats(c);
            FloatVector v = Lanes.load(x, input + c);
            a0 = Lanes.load(data, w0 + at).fma(v, a0);
            a1 = Lanes.load(data, w1 + at).fma(v, a1);
            a2 = Lanes.load(data, w2 + at).fma(v, a2);
            a3 = Lanes.load(data, w3 + at).fma(v, a3);
        }
        store(sums, to, step * Lanes.COUNT, a0, a1, a2, a3);
    }

    private static void bf16(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        MemorySegment data = weights.data();
        long distance = step * weights.rowStride();
        long w0 = weights.offset(row, 0);
        long w1 = w0 + distance;
        long w2 = w1 + distance;
        long w3 = w2 + distance;
        FloatVector a0 = Lanes.zero();
        FloatVector a1 = Lanes.zero();
        FloatVector a2 = Lanes.zero();
        FloatVector a3 = Lanes.zero();
        int whole = Lanes.whole(weights.columns());
        for (int c = 0; c < whole; c += Lanes.COUNT) {
            long at = (long) c * Short.BYTES;
            FloatVector v = Lanes.load(x, input + c);
            Vector<Integer> b0 = ShortVector.fromMemorySegment(Lanes.SHORTS, data, w0 + at, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            a0 = b0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a0);
            Vector<Integer> b1 = ShortVector.fromMemorySegment(Lanes.SHORTS, data, w1 + at, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            a1 = b1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a1);
            Vector<Integer> b2 = ShortVector.fromMemorySegment(Lanes.SHORTS, data, w2 + at, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            a2 = b2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a2);
            Vector<Integer> b3 = ShortVector.fromMemorySegment(Lanes.SHORTS, data, w3 + at, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            a3 = b3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a3);
        }
        store(sums, to, step * Lanes.COUNT, a0, a1, a2, a3);
    }

    private static void q8(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        MemorySegment data = weights.data();
        long distance = step * weights.rowStride();
        long w0 = weights.offset(row, 0);
        long w1 = w0 + distance;
        long w2 = w1 + distance;
        long w3 = w2 + distance;
        FloatVector a0 = Lanes.zero();
        FloatVector a1 = Lanes.zero();
        FloatVector a2 = Lanes.zero();
        FloatVector a3 = Lanes.zero();
        int blocks = weights.columns() / VectorWeights.BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = (long) b * VectorWeights.Q8_BYTES;
            int inputs = input + b * VectorWeights.BLOCK;
            FloatVector d0 = VectorWeights.scale(data, w0 + block);
            FloatVector d1 = VectorWeights.scale(data, w1 + block);
            FloatVector d2 = VectorWeights.scale(data, w2 + block);
            FloatVector d3 = VectorWeights.scale(data, w3 + block);
            for (int i = 0; i < VectorWeights.BLOCK; i += Lanes.COUNT) {
                long quants = block + VectorWeights.SCALE_BYTES + Lanes.bytesOf(i);
                int part = Lanes.partOf(i);
                FloatVector v = Lanes.load(x, inputs + i);
                Vector<Float> q0 = ByteVector.fromMemorySegment(Lanes.BYTE_LANES, data, w0 + quants, Layouts.ORDER)
                        .castShape(Lanes.FLOATS, part);
                a0 = ((FloatVector) q0).mul(d0).fma(v, a0);
                Vector<Float> q1 = ByteVector.fromMemorySegment(Lanes.BYTE_LANES, data, w1 + quants, Layouts.ORDER)
                        .castShape(Lanes.FLOATS, part);
                a1 = ((FloatVector) q1).mul(d1).fma(v, a1);
                Vector<Float> q2 = ByteVector.fromMemorySegment(Lanes.BYTE_LANES, data, w2 + quants, Layouts.ORDER)
                        .castShape(Lanes.FLOATS, part);
                a2 = ((FloatVector) q2).mul(d2).fma(v, a2);
                Vector<Float> q3 = ByteVector.fromMemorySegment(Lanes.BYTE_LANES, data, w3 + quants, Layouts.ORDER)
                        .castShape(Lanes.FLOATS, part);
                a3 = ((FloatVector) q3).mul(d3).fma(v, a3);
            }
        }
        store(sums, to, step * Lanes.COUNT, a0, a1, a2, a3);
    }

    /** Two rows only: with four the method exceeds what the compiler optimizes, and two keep the units busy. */
    private static void q4(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        MemorySegment data = weights.data();
        long distance = step * weights.rowStride();
        long w0 = weights.offset(row, 0);
        long w1 = w0 + distance;
        FloatVector a0 = Lanes.zero();
        FloatVector a1 = Lanes.zero();
        int blocks = weights.columns() / VectorWeights.BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = (long) b * VectorWeights.Q4_BYTES;
            int inputs = input + b * VectorWeights.BLOCK;
            FloatVector d0 = VectorWeights.scale(data, w0 + block);
            FloatVector d1 = VectorWeights.scale(data, w1 + block);
            FloatVector z0 = d0.mul(-8f);
            FloatVector z1 = d1.mul(-8f);
            for (int i = 0; i < VectorWeights.BLOCK / 2; i += Lanes.COUNT) {
                long pairs = block + VectorWeights.SCALE_BYTES + Lanes.bytesOf(i);
                FloatVector v = Lanes.load(x, inputs + i);
                Vector<Integer> p0 = ByteVector.fromMemorySegment(Lanes.BYTE_LANES, data, w0 + pairs, Layouts.ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, Lanes.partOf(i));
                Vector<Float> q0 = ((IntVector) p0).and(0xf).castShape(Lanes.FLOATS, 0);
                a0 = ((FloatVector) q0).fma(d0, z0).fma(v, a0);
                Vector<Integer> p1 = ByteVector.fromMemorySegment(Lanes.BYTE_LANES, data, w1 + pairs, Layouts.ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, Lanes.partOf(i));
                Vector<Float> q1 = ((IntVector) p1).and(0xf).castShape(Lanes.FLOATS, 0);
                a1 = ((FloatVector) q1).fma(d1, z1).fma(v, a1);
            }
            for (int i = 0; i < VectorWeights.BLOCK / 2; i += Lanes.COUNT) {
                long pairs = block + VectorWeights.SCALE_BYTES + Lanes.bytesOf(i);
                FloatVector v = Lanes.load(x, inputs + i + VectorWeights.BLOCK / 2);
                Vector<Integer> p0 = ByteVector.fromMemorySegment(Lanes.BYTE_LANES, data, w0 + pairs, Layouts.ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, Lanes.partOf(i));
                Vector<Float> q0 =
                        ((IntVector) p0).lanewise(VectorOperators.LSHR, 4).castShape(Lanes.FLOATS, 0);
                a0 = ((FloatVector) q0).fma(d0, z0).fma(v, a0);
                Vector<Integer> p1 = ByteVector.fromMemorySegment(Lanes.BYTE_LANES, data, w1 + pairs, Layouts.ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, Lanes.partOf(i));
                Vector<Float> q1 =
                        ((IntVector) p1).lanewise(VectorOperators.LSHR, 4).castShape(Lanes.FLOATS, 0);
                a1 = ((FloatVector) q1).fma(d1, z1).fma(v, a1);
            }
        }
        Lanes.store(a0, sums, to);
        Lanes.store(a1, sums, to + step * Lanes.COUNT);
    }

    private static void store(
            float[] sums, int to, int stride, FloatVector a0, FloatVector a1, FloatVector a2, FloatVector a3) {
        Lanes.store(a0, sums, to);
        Lanes.store(a1, sums, to + stride);
        Lanes.store(a2, sums, to + 2 * stride);
        Lanes.store(a3, sums, to + 3 * stride);
    }
}
