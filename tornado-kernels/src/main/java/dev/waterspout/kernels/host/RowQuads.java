package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.ByteLanes;
import dev.waterspout.kernels.vector.Halves;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.Blocks32;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Four rows of stored weights with one input, for few tokens: weights are expanded in registers and used once.
 *
 * <p>Each row has one accumulator over ascending columns, so the sums have the bits of {@link DotTiles} over expanded
 * weights. Columns that fill no vector are left out. There is a method per format, and each calls the Vector API
 * itself and is written out for each row: a choice inside the loop, or a helper that returns a vector, puts vectors on
 * the heap. With a helper that expands one vector of F16, decode of a 1.1B model fell from 14.3 to 5.1 tokens per
 * second. Weights are read by address, see {@link Memory}.
 */
final class RowQuads {
    /** Rows that are multiplied together. */
    static final int STREAMS = 4;

    private static final MemorySegment ALL = Memory.ALL;

    /** Whether all values of four bits fit into a vector. */
    private static final boolean HAS_TABLE = Lanes.COUNT == 16;

    /** The values of four bits, where they fit. */
    private static final FloatVector FOUR_BITS =
            FloatVector.zero(Lanes.FLOATS).addIndex(1).sub(8f);

    /** The formats that have a method here. */
    private static final Set<WeightFormat> FORMATS =
            EnumSet.of(WeightFormat.F32, WeightFormat.F16, WeightFormat.BF16, WeightFormat.Q8_0, WeightFormat.Q4_0);

    private RowQuads() {}

    /** {@return whether products with weights of a format are written here; all others are unpacked to f32 first} */
    static boolean serve(WeightFormat format) {
        return FORMATS.contains(format);
    }

    /**
     * Multiplies four rows.
     *
     * @param weights the matrix
     * @param w0 address of the first row
     * @param step rows from one of the four to the next
     * @param x address of the input
     * @param sums address that receives vectors of partial sums, one place per row of the matrix
     * @param to index of the first row's vector
     */
    static void multiply(WeightMatrix weights, long w0, int step, long x, long sums, int to) {
        long distance = step * weights.rowStride();
        long w1 = w0 + distance;
        long w2 = w1 + distance;
        long w3 = w2 + distance;
        int columns = weights.columns();
        int next = step * Lanes.COUNT;
        switch (weights.format()) {
            case F32 -> f32(w0, w1, w2, w3, columns, x, sums, to, next);
            case F16 -> f16(w0, w1, w2, w3, columns, x, sums, to, next);
            case BF16 -> bf16(w0, w1, w2, w3, columns, x, sums, to, next);
            case Q8_0 -> q8(w0, w1, w2, w3, columns, x, sums, to, next);
            case Q4_0 -> {
                if (HAS_TABLE) {
                    q4Table(w0, w1, columns, x, sums, to, next);
                    q4Table(w2, w3, columns, x, sums, to + 2 * next, next);
                } else {
                    q4(w0, w1, columns, x, sums, to, next);
                    q4(w2, w3, columns, x, sums, to + 2 * next, next);
                }
            }
            default -> throw new IllegalStateException("no product of rows is written for " + weights.format());
        }
    }

    private static void f32(
            long row0, long row1, long row2, long row3, int columns, long x, long sums, int to, int next) {
        long w0 = row0 & Memory.MASK;
        long w1 = row1 & Memory.MASK;
        long w2 = row2 & Memory.MASK;
        long w3 = row3 & Memory.MASK;
        long v0 = x & Memory.MASK;
        FloatVector a0 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        int whole = Lanes.whole(columns);
        for (int c = 0; c < whole; c += Lanes.COUNT) {
            long at = (long) (c & Memory.INDEX) * Float.BYTES;
            FloatVector v = FloatVector.fromMemorySegment(
                    Lanes.FLOATS, ALL, v0 + (long) (c & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
            a0 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w0 + at, Layouts.ORDER)
                    .fma(v, a0);
            a1 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w1 + at, Layouts.ORDER)
                    .fma(v, a1);
            a2 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w2 + at, Layouts.ORDER)
                    .fma(v, a2);
            a3 = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, w3 + at, Layouts.ORDER)
                    .fma(v, a3);
        }
        a0.intoMemorySegment(ALL, (sums + Layouts.floats(to)) & Memory.MASK, Layouts.ORDER);
        a1.intoMemorySegment(ALL, (sums + Layouts.floats(to + next)) & Memory.MASK, Layouts.ORDER);
        a2.intoMemorySegment(ALL, (sums + Layouts.floats(to + 2 * next)) & Memory.MASK, Layouts.ORDER);
        a3.intoMemorySegment(ALL, (sums + Layouts.floats(to + 3 * next)) & Memory.MASK, Layouts.ORDER);
    }

    /** Weights are expanded as in {@link WeightFormat#unpack}. */
    private static void f16(
            long row0, long row1, long row2, long row3, int columns, long x, long sums, int to, int next) {
        long w0 = row0 & Memory.MASK;
        long w1 = row1 & Memory.MASK;
        long w2 = row2 & Memory.MASK;
        long w3 = row3 & Memory.MASK;
        long v0 = x & Memory.MASK;
        FloatVector a0 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        int whole = Lanes.whole(columns);
        for (int c = 0; c < whole; c += Lanes.COUNT) {
            long at = (long) (c & Memory.INDEX) * Short.BYTES;
            FloatVector v = FloatVector.fromMemorySegment(
                    Lanes.FLOATS, ALL, v0 + (long) (c & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
            IntVector h0 = ((IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, ALL, w0 + at, Layouts.ORDER)
                            .castShape(Lanes.INTS, 0))
                    .lanewise(VectorOperators.LSHL, 13)
                    .and(Halves.BITS);
            VectorMask<Integer> m0 = h0.and(Halves.EXPONENT).compare(VectorOperators.EQ, Halves.EXPONENT);
            a0 = h0.reinterpretAsFloats()
                    .mul(Halves.UNIT)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.OR, Halves.FLOAT_EXPONENT, m0)
                    .reinterpretAsFloats()
                    .fma(v, a0);
            IntVector h1 = ((IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, ALL, w1 + at, Layouts.ORDER)
                            .castShape(Lanes.INTS, 0))
                    .lanewise(VectorOperators.LSHL, 13)
                    .and(Halves.BITS);
            VectorMask<Integer> m1 = h1.and(Halves.EXPONENT).compare(VectorOperators.EQ, Halves.EXPONENT);
            a1 = h1.reinterpretAsFloats()
                    .mul(Halves.UNIT)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.OR, Halves.FLOAT_EXPONENT, m1)
                    .reinterpretAsFloats()
                    .fma(v, a1);
            IntVector h2 = ((IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, ALL, w2 + at, Layouts.ORDER)
                            .castShape(Lanes.INTS, 0))
                    .lanewise(VectorOperators.LSHL, 13)
                    .and(Halves.BITS);
            VectorMask<Integer> m2 = h2.and(Halves.EXPONENT).compare(VectorOperators.EQ, Halves.EXPONENT);
            a2 = h2.reinterpretAsFloats()
                    .mul(Halves.UNIT)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.OR, Halves.FLOAT_EXPONENT, m2)
                    .reinterpretAsFloats()
                    .fma(v, a2);
            IntVector h3 = ((IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, ALL, w3 + at, Layouts.ORDER)
                            .castShape(Lanes.INTS, 0))
                    .lanewise(VectorOperators.LSHL, 13)
                    .and(Halves.BITS);
            VectorMask<Integer> m3 = h3.and(Halves.EXPONENT).compare(VectorOperators.EQ, Halves.EXPONENT);
            a3 = h3.reinterpretAsFloats()
                    .mul(Halves.UNIT)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.OR, Halves.FLOAT_EXPONENT, m3)
                    .reinterpretAsFloats()
                    .fma(v, a3);
        }
        a0.intoMemorySegment(ALL, (sums + Layouts.floats(to)) & Memory.MASK, Layouts.ORDER);
        a1.intoMemorySegment(ALL, (sums + Layouts.floats(to + next)) & Memory.MASK, Layouts.ORDER);
        a2.intoMemorySegment(ALL, (sums + Layouts.floats(to + 2 * next)) & Memory.MASK, Layouts.ORDER);
        a3.intoMemorySegment(ALL, (sums + Layouts.floats(to + 3 * next)) & Memory.MASK, Layouts.ORDER);
    }

    private static void bf16(
            long row0, long row1, long row2, long row3, int columns, long x, long sums, int to, int next) {
        long w0 = row0 & Memory.MASK;
        long w1 = row1 & Memory.MASK;
        long w2 = row2 & Memory.MASK;
        long w3 = row3 & Memory.MASK;
        long v0 = x & Memory.MASK;
        FloatVector a0 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        int whole = Lanes.whole(columns);
        for (int c = 0; c < whole; c += Lanes.COUNT) {
            long at = (long) (c & Memory.INDEX) * Short.BYTES;
            FloatVector v = FloatVector.fromMemorySegment(
                    Lanes.FLOATS, ALL, v0 + (long) (c & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
            IntVector b0 = (IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, ALL, w0 + at, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            a0 = b0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a0);
            IntVector b1 = (IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, ALL, w1 + at, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            a1 = b1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a1);
            IntVector b2 = (IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, ALL, w2 + at, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            a2 = b2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a2);
            IntVector b3 = (IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, ALL, w3 + at, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            a3 = b3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(v, a3);
        }
        a0.intoMemorySegment(ALL, (sums + Layouts.floats(to)) & Memory.MASK, Layouts.ORDER);
        a1.intoMemorySegment(ALL, (sums + Layouts.floats(to + next)) & Memory.MASK, Layouts.ORDER);
        a2.intoMemorySegment(ALL, (sums + Layouts.floats(to + 2 * next)) & Memory.MASK, Layouts.ORDER);
        a3.intoMemorySegment(ALL, (sums + Layouts.floats(to + 3 * next)) & Memory.MASK, Layouts.ORDER);
    }

    private static void q8(
            long row0, long row1, long row2, long row3, int columns, long x, long sums, int to, int next) {
        long w0 = row0 & Memory.MASK;
        long w1 = row1 & Memory.MASK;
        long w2 = row2 & Memory.MASK;
        long w3 = row3 & Memory.MASK;
        long v0 = x & Memory.MASK;
        FloatVector a0 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        int blocks = columns / Blocks32.BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = (long) (b & Memory.INDEX) * Blocks32.Q8_BYTES;
            long inputs = v0 + (long) (b & Memory.INDEX) * Blocks32.BLOCK * Float.BYTES;
            float s0 = Halves.VALUES[ALL.get(Layouts.I16, w0 + block) & 0xffff];
            FloatVector d0 = FloatVector.broadcast(Lanes.FLOATS, s0);
            float s1 = Halves.VALUES[ALL.get(Layouts.I16, w1 + block) & 0xffff];
            FloatVector d1 = FloatVector.broadcast(Lanes.FLOATS, s1);
            float s2 = Halves.VALUES[ALL.get(Layouts.I16, w2 + block) & 0xffff];
            FloatVector d2 = FloatVector.broadcast(Lanes.FLOATS, s2);
            float s3 = Halves.VALUES[ALL.get(Layouts.I16, w3 + block) & 0xffff];
            FloatVector d3 = FloatVector.broadcast(Lanes.FLOATS, s3);
            for (int i = 0; i < Blocks32.BLOCK; i += Lanes.COUNT) {
                long quants = block + Blocks32.SCALE_BYTES;
                FloatVector v = FloatVector.fromMemorySegment(
                        Lanes.FLOATS, ALL, inputs + (long) (i & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
                FloatVector q0 = ByteLanes.signed(w0 + quants, i);
                a0 = q0.mul(d0).fma(v, a0);
                FloatVector q1 = ByteLanes.signed(w1 + quants, i);
                a1 = q1.mul(d1).fma(v, a1);
                FloatVector q2 = ByteLanes.signed(w2 + quants, i);
                a2 = q2.mul(d2).fma(v, a2);
                FloatVector q3 = ByteLanes.signed(w3 + quants, i);
                a3 = q3.mul(d3).fma(v, a3);
            }
        }
        a0.intoMemorySegment(ALL, (sums + Layouts.floats(to)) & Memory.MASK, Layouts.ORDER);
        a1.intoMemorySegment(ALL, (sums + Layouts.floats(to + next)) & Memory.MASK, Layouts.ORDER);
        a2.intoMemorySegment(ALL, (sums + Layouts.floats(to + 2 * next)) & Memory.MASK, Layouts.ORDER);
        a3.intoMemorySegment(ALL, (sums + Layouts.floats(to + 3 * next)) & Memory.MASK, Layouts.ORDER);
    }

    /** Two rows of vectors of sixteen lanes: a block's sixteen values are computed once and looked up. */
    private static void q4Table(long row0, long row1, int columns, long x, long sums, int to, int next) {
        long w0 = row0 & Memory.MASK;
        long w1 = row1 & Memory.MASK;
        long v0 = x & Memory.MASK;
        FloatVector a0 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a1 = a0;
        int blocks = columns / Blocks32.BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = (long) (b & Memory.INDEX) * Blocks32.Q4_BYTES;
            long inputs = v0 + (long) (b & Memory.INDEX) * Blocks32.BLOCK * Float.BYTES;
            FloatVector low = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, inputs, Layouts.ORDER);
            FloatVector high = FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, inputs + Lanes.BYTES, Layouts.ORDER);
            float s0 = Halves.VALUES[ALL.get(Layouts.I16, w0 + block) & 0xffff];
            IntVector t0 = FOUR_BITS.mul(s0).reinterpretAsInts();
            IntVector p0 = ByteLanes.unsigned(w0 + block + Blocks32.SCALE_BYTES, 0);
            a0 = p0.and(0xf).selectFrom(t0).reinterpretAsFloats().fma(low, a0);
            a0 = p0.lanewise(VectorOperators.LSHR, 4)
                    .selectFrom(t0)
                    .reinterpretAsFloats()
                    .fma(high, a0);
            float s1 = Halves.VALUES[ALL.get(Layouts.I16, w1 + block) & 0xffff];
            IntVector t1 = FOUR_BITS.mul(s1).reinterpretAsInts();
            IntVector p1 = ByteLanes.unsigned(w1 + block + Blocks32.SCALE_BYTES, 0);
            a1 = p1.and(0xf).selectFrom(t1).reinterpretAsFloats().fma(low, a1);
            a1 = p1.lanewise(VectorOperators.LSHR, 4)
                    .selectFrom(t1)
                    .reinterpretAsFloats()
                    .fma(high, a1);
        }
        a0.intoMemorySegment(ALL, (sums + Layouts.floats(to)) & Memory.MASK, Layouts.ORDER);
        a1.intoMemorySegment(ALL, (sums + Layouts.floats(to + next)) & Memory.MASK, Layouts.ORDER);
    }

    /** Two rows only: with four the method exceeds what the compiler optimizes. */
    private static void q4(long row0, long row1, int columns, long x, long sums, int to, int next) {
        long w0 = row0 & Memory.MASK;
        long w1 = row1 & Memory.MASK;
        long v0 = x & Memory.MASK;
        FloatVector a0 = FloatVector.zero(Lanes.FLOATS);
        FloatVector a1 = a0;
        int blocks = columns / Blocks32.BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = (long) (b & Memory.INDEX) * Blocks32.Q4_BYTES;
            long inputs = v0 + (long) (b & Memory.INDEX) * Blocks32.BLOCK * Float.BYTES;
            float s0 = Halves.VALUES[ALL.get(Layouts.I16, w0 + block) & 0xffff];
            FloatVector d0 = FloatVector.broadcast(Lanes.FLOATS, s0);
            FloatVector z0 = d0.mul(-8f);
            float s1 = Halves.VALUES[ALL.get(Layouts.I16, w1 + block) & 0xffff];
            FloatVector d1 = FloatVector.broadcast(Lanes.FLOATS, s1);
            FloatVector z1 = d1.mul(-8f);
            for (int i = 0; i < Blocks32.BLOCK / 2; i += Lanes.COUNT) {
                long pairs = block + Blocks32.SCALE_BYTES;
                FloatVector v = FloatVector.fromMemorySegment(
                        Lanes.FLOATS, ALL, inputs + (long) (i & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
                IntVector p0 = ByteLanes.unsigned(w0 + pairs, i);
                FloatVector q0 = (FloatVector) p0.and(0xf).castShape(Lanes.FLOATS, 0);
                a0 = q0.fma(d0, z0).fma(v, a0);
                IntVector p1 = ByteLanes.unsigned(w1 + pairs, i);
                FloatVector q1 = (FloatVector) p1.and(0xf).castShape(Lanes.FLOATS, 0);
                a1 = q1.fma(d1, z1).fma(v, a1);
            }
            for (int i = 0; i < Blocks32.BLOCK / 2; i += Lanes.COUNT) {
                long pairs = block + Blocks32.SCALE_BYTES;
                FloatVector v = FloatVector.fromMemorySegment(
                        Lanes.FLOATS,
                        ALL,
                        inputs + (long) ((i & Memory.INDEX) + Blocks32.BLOCK / 2) * Float.BYTES,
                        Layouts.ORDER);
                IntVector p0 = ByteLanes.unsigned(w0 + pairs, i);
                FloatVector q0 =
                        (FloatVector) p0.lanewise(VectorOperators.LSHR, 4).castShape(Lanes.FLOATS, 0);
                a0 = q0.fma(d0, z0).fma(v, a0);
                IntVector p1 = ByteLanes.unsigned(w1 + pairs, i);
                FloatVector q1 =
                        (FloatVector) p1.lanewise(VectorOperators.LSHR, 4).castShape(Lanes.FLOATS, 0);
                a1 = q1.fma(d1, z1).fma(v, a1);
            }
        }
        a0.intoMemorySegment(ALL, (sums + Layouts.floats(to)) & Memory.MASK, Layouts.ORDER);
        a1.intoMemorySegment(ALL, (sums + Layouts.floats(to + next)) & Memory.MASK, Layouts.ORDER);
    }
}
