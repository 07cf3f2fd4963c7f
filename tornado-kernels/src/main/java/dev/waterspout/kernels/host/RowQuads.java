package dev.waterspout.kernels.host;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Four rows of stored weights with one input, for few tokens: weights are expanded in registers and used once.
 *
 * <p>Each row has one accumulator over ascending columns, so the sums have the bits of {@link DotTiles} over expanded
 * weights. Columns that fill no vector are left out. There is a method per format: a choice inside the loop would put
 * every vector on the heap.
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
            case F16 -> f16(weights, row, step, x, input, sums, to);
            case Q4_0 -> {
                int second = to + 2 * step * Lanes.COUNT;
                if (VectorWeights.HAS_Q4_TABLE) {
                    q4(weights, row, step, x, input, sums, to);
                    q4(weights, row + 2 * step, step, x, input, sums, second);
                } else {
                    q4Narrow(weights, row, step, x, input, sums, to);
                    q4Narrow(weights, row + 2 * step, step, x, input, sums, second);
                }
            }
        }
    }

    private static void f32(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        long distance = step * weights.rowStride();
        long w0 = Memory.address(weights, row);
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
            a0 = Memory.floats(w0 + at).fma(v, a0);
            a1 = Memory.floats(w1 + at).fma(v, a1);
            a2 = Memory.floats(w2 + at).fma(v, a2);
            a3 = Memory.floats(w3 + at).fma(v, a3);
        }
        store(sums, to, step * Lanes.COUNT, a0, a1, a2, a3);
    }

    private static void f16(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        long distance = step * weights.rowStride();
        long w0 = Memory.address(weights, row);
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
            a0 = VectorWeights.f16(w0 + at).fma(v, a0);
            a1 = VectorWeights.f16(w1 + at).fma(v, a1);
            a2 = VectorWeights.f16(w2 + at).fma(v, a2);
            a3 = VectorWeights.f16(w3 + at).fma(v, a3);
        }
        store(sums, to, step * Lanes.COUNT, a0, a1, a2, a3);
    }

    private static void bf16(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        long distance = step * weights.rowStride();
        long w0 = Memory.address(weights, row);
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
            a0 = VectorWeights.bf16(w0 + at).fma(v, a0);
            a1 = VectorWeights.bf16(w1 + at).fma(v, a1);
            a2 = VectorWeights.bf16(w2 + at).fma(v, a2);
            a3 = VectorWeights.bf16(w3 + at).fma(v, a3);
        }
        store(sums, to, step * Lanes.COUNT, a0, a1, a2, a3);
    }

    private static void q8(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        long distance = step * weights.rowStride();
        long w0 = Memory.address(weights, row);
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
            float d0 = VectorWeights.scale(w0 + block);
            float d1 = VectorWeights.scale(w1 + block);
            float d2 = VectorWeights.scale(w2 + block);
            float d3 = VectorWeights.scale(w3 + block);
            for (int i = 0; i < VectorWeights.BLOCK; i += Lanes.COUNT) {
                FloatVector v = Lanes.load(x, inputs + i);
                a0 = VectorWeights.q8(w0 + block, i).mul(d0).fma(v, a0);
                a1 = VectorWeights.q8(w1 + block, i).mul(d1).fma(v, a1);
                a2 = VectorWeights.q8(w2 + block, i).mul(d2).fma(v, a2);
                a3 = VectorWeights.q8(w3 + block, i).mul(d3).fma(v, a3);
            }
        }
        store(sums, to, step * Lanes.COUNT, a0, a1, a2, a3);
    }

    /** Two rows only: with four the method exceeds what the compiler optimizes. */
    private static void q4(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        long w0 = Memory.address(weights, row);
        long w1 = w0 + step * weights.rowStride();
        FloatVector a0 = Lanes.zero();
        FloatVector a1 = Lanes.zero();
        int blocks = weights.columns() / VectorWeights.BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = (long) b * VectorWeights.Q4_BYTES;
            int inputs = input + b * VectorWeights.BLOCK;
            FloatVector v = Lanes.load(x, inputs);
            FloatVector u = Lanes.load(x, inputs + VectorWeights.BLOCK / 2);
            IntVector t0 = VectorWeights.q4Table(w0 + block);
            a0 = VectorWeights.q4Low(w0 + block, t0).fma(v, a0);
            a0 = VectorWeights.q4High(w0 + block, t0).fma(u, a0);
            IntVector t1 = VectorWeights.q4Table(w1 + block);
            a1 = VectorWeights.q4Low(w1 + block, t1).fma(v, a1);
            a1 = VectorWeights.q4High(w1 + block, t1).fma(u, a1);
        }
        Lanes.store(a0, sums, to);
        Lanes.store(a1, sums, to + step * Lanes.COUNT);
    }

    /** Vectors of fewer than sixteen lanes hold no table of the sixteen weights; theirs are computed. */
    private static void q4Narrow(WeightMatrix weights, int row, int step, float[] x, int input, float[] sums, int to) {
        long w0 = Memory.address(weights, row);
        long w1 = w0 + step * weights.rowStride();
        FloatVector a0 = Lanes.zero();
        FloatVector a1 = Lanes.zero();
        int blocks = weights.columns() / VectorWeights.BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = (long) b * VectorWeights.Q4_BYTES;
            int inputs = input + b * VectorWeights.BLOCK;
            float d0 = VectorWeights.scale(w0 + block);
            float d1 = VectorWeights.scale(w1 + block);
            for (int i = 0; i < VectorWeights.BLOCK; i += Lanes.COUNT) {
                FloatVector v = Lanes.load(x, inputs + i);
                a0 = VectorWeights.q4(w0 + block, i, d0).fma(v, a0);
                a1 = VectorWeights.q4(w1 + block, i, d1).fma(v, a1);
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
