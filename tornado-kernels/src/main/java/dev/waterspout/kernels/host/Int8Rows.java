package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of Q4_0 weights with one input that was rounded to 8 bits, for few tokens and vectors of 512 bits.
 *
 * <p>The Vector API has no dot product of bytes, but four products of a weight of four bits and an input of eight fit
 * into 16 bits. So four blocks are taken at a time, a group: their 64 bytes of weights become a vector of 32 shorts, each
 * with four weights, which four masks and shifts bring to light. That is 24 operations for 128 weights, scales
 * included, where {@link RowQuads} has 12 for 32.
 *
 * <pre>
 * group of weights, 72 bytes      [scale 0][32 weights] [scale 1][32 weights] [scale 2][32 weights] [scale 3][32 weights]
 * short s of block b              weights 2s, 2s + 16, 2s + 1, 2s + 17 from the lowest bits up, 0 &lt;= s &lt; 8
 * lane                            short: 8 b + s; float, of two shorts each: 4 b + s / 2
 *
 * group of inputs, 384 bytes      4 vectors of 32 shorts: the inputs of the first, second, third, fourth weight of a lane
 *                                 32 shorts: -8 times the sum of a lane's inputs, since a weight is stored as q + 8
 *                                 16 floats: the scale of a lane's block, times 2^88
 * </pre>
 *
 * <p>Two rows share the loads of the inputs, and are written out as in {@link RowQuads}: one row at a time read a file of
 * weights a twentieth slower, and a helper that returns a vector puts it on the heap.
 *
 * <p>Inputs are rounded as in Q8_0: to the nearest multiple of the largest magnitude of 32 divided by 127. Sums of
 * shorts are exact; two of them make an integer, which is scaled and added to one f32 sum per lane. A block of inputs
 * that are all below 2^-100 counts as zero, one that has more than 2^46 may overflow, and a weights' scale that is infinite
 * or no number, which no quantizer writes, counts as one of 2^16 or more.
 */
final class Int8Rows {
    /** Rows that are multiplied together: with two pairs in turn, processors prefetch a sixth less. */
    static final int STREAMS = 2;

    /** Columns of a group. */
    static final int COLUMNS = 4 * VectorWeights.BLOCK;

    /** Bytes of a group of inputs. */
    static final long INPUT_BYTES = 6 * Memory.LINE;

    private static final int WEIGHT_BYTES = 4 * VectorWeights.Q4_BYTES;

    /** Two vectors cover a group of weights: one from its first byte on, one from here. */
    private static final int SECOND = WEIGHT_BYTES - 64;

    private static final long OFFSETS = 4 * Memory.LINE;
    private static final long SCALES = 5 * Memory.LINE;

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_512;

    /** Of each lane, the place of its weights among the shorts of both vectors. */
    private static final ShortVector WEIGHT_LANES = ShortVector.fromArray(SHORTS, weightLanes(), 0);

    /** Of each lane, the place of its block's scale among the shorts of the first vector. */
    private static final VectorShuffle<Short> SCALE_LANES =
            VectorShuffle.fromOp(SHORTS, lane -> lane / 8 * (VectorWeights.Q4_BYTES / Short.BYTES));

    private static final float LARGEST = 127;

    /** No block is scaled by what a float cannot hold. */
    private static final float SMALLEST = 0x1p-100f;

    /** Added to a number below 2^21, it leaves that number, rounded to nearest, in the lowest bits. */
    private static final float ROUNDER = 0x1.8p23f;

    /** A half's bits, moved to where a float has them, are the half divided by 2^112. Inputs' scales make up for a part ... */
    private static final float INPUT_UNIT = 0x1p88f;

    /** ... and sums for the rest, so that neither overflows. */
    private static final float SUM_UNIT = 0x1p24f;

    /** A half's bits but the lowest three, moved down by 3 bits from the upper half of an integer. */
    private static final int HALF_BITS = VectorWeights.HALF_BITS;

    private static final MemorySegment ALL = Memory.ALL;

    private Int8Rows() {}

    private static short[] weightLanes() {
        short[] lanes = new short[SHORTS.length()];
        for (int lane = 0; lane < lanes.length; lane++) {
            int at = lane / 8 * (VectorWeights.Q4_BYTES / Short.BYTES)
                    + VectorWeights.SCALE_BYTES / Short.BYTES
                    + lane % 8;
            lanes[lane] = (short) (at < lanes.length ? at : at - SECOND / Short.BYTES + lanes.length);
        }
        return lanes;
    }

    /** Whether such products are faster here than those of {@link RowQuads}. */
    static boolean serve(WeightMatrix weights) {
        return weights.format() == WeightFormat.Q4_0 && Lanes.COUNT == 16 && weights.columns() >= COLUMNS;
    }

    /** Bytes of one token's rounded inputs. */
    static long bytes(int columns) {
        return columns / COLUMNS * INPUT_BYTES;
    }

    /**
     * Rounds the inputs of one token.
     *
     * @param x address of the inputs
     * @param columns number of inputs; what fills no group is left out
     * @param target address that receives {@link #bytes} of them
     */
    static void round(long x, int columns, long target) {
        long from = x & Memory.MASK;
        long to = target & Memory.MASK;
        int blocks = columns / COLUMNS * 4;
        for (int b = 0; b < blocks; b++) {
            long in = from + (long) (b & Memory.INDEX) * VectorWeights.BLOCK * Float.BYTES;
            long out = to + (long) (b & Memory.INDEX) / 4 * INPUT_BYTES + (b & 3) * (Memory.LINE / 4);
            FloatVector low = FloatVector.fromMemorySegment(FLOATS, ALL, in, Layouts.ORDER);
            FloatVector high = FloatVector.fromMemorySegment(FLOATS, ALL, in + Memory.LINE, Layouts.ORDER);
            float largest = low.abs().max(high.abs()).reduceLanes(VectorOperators.MAX);
            boolean zero = largest < SMALLEST;
            float scale = zero ? 0 : largest / LARGEST;
            float inverse = zero ? 0 : LARGEST / largest;
            IntVector lows = ((ShortVector)
                            low.mul(inverse).add(ROUNDER).reinterpretAsInts().castShape(ShortVector.SPECIES_256, 0))
                    .reinterpretAsInts();
            IntVector highs = ((ShortVector)
                            high.mul(inverse).add(ROUNDER).reinterpretAsInts().castShape(ShortVector.SPECIES_256, 0))
                    .reinterpretAsInts();
            ShortVector first = (ShortVector) lows.castShape(ShortVector.SPECIES_128, 0);
            ShortVector second = (ShortVector) highs.castShape(ShortVector.SPECIES_128, 0);
            ShortVector third =
                    (ShortVector) lows.lanewise(VectorOperators.LSHR, 16).castShape(ShortVector.SPECIES_128, 0);
            ShortVector fourth =
                    (ShortVector) highs.lanewise(VectorOperators.LSHR, 16).castShape(ShortVector.SPECIES_128, 0);
            first.intoMemorySegment(ALL, out, Layouts.ORDER);
            second.intoMemorySegment(ALL, out + Memory.LINE, Layouts.ORDER);
            third.intoMemorySegment(ALL, out + 2 * Memory.LINE, Layouts.ORDER);
            fourth.intoMemorySegment(ALL, out + 3 * Memory.LINE, Layouts.ORDER);
            first.add(second)
                    .add(third)
                    .add(fourth)
                    .mul((short) -8)
                    .intoMemorySegment(ALL, out + OFFSETS, Layouts.ORDER);
            FloatVector.broadcast(FloatVector.SPECIES_128, scale * INPUT_UNIT)
                    .intoMemorySegment(ALL, out + SCALES, Layouts.ORDER);
        }
    }

    /**
     * Multiplies two rows.
     *
     * @param weights the matrix
     * @param w0 address of the first row
     * @param step rows to the second row
     * @param x address of the input
     * @param rounded address of the rounded input
     * @param sums address of zeros; further on it receives vectors of partial sums, one place per row of the matrix
     * @param to index of the first row's vector
     */
    static void multiply(WeightMatrix weights, long w0, int step, long x, long rounded, long sums, int to) {
        int next = step * Lanes.COUNT;
        long w1 = w0 + step * weights.rowStride();
        long sum0 = sums + Layouts.floats(to);
        long sum1 = sum0 + Layouts.floats(next);
        int groups = weights.columns() / COLUMNS;
        int rest = weights.columns() % COLUMNS;
        if (rest > 0) {
            long done = (long) groups * WEIGHT_BYTES;
            long in = x + Layouts.floats(weights.columns() - rest);
            RowQuads.q4Table(w0 + done, w1 + done, rest, in, sums, to, next);
            multiply(w0, w1, groups, rounded, sum0, sum1, sum0, sum1);
        } else {
            multiply(w0, w1, groups, rounded, sums, sums, sum0, sum1);
        }
    }

    private static void multiply(
            long row0, long row1, int groups, long x, long start0, long start1, long sum0, long sum1) {
        long w0 = row0 & Memory.MASK;
        long w1 = row1 & Memory.MASK;
        long v0 = x & Memory.MASK;
        FloatVector a0 = FloatVector.fromMemorySegment(FLOATS, ALL, start0 & Memory.MASK, Layouts.ORDER)
                .mul(1 / SUM_UNIT);
        FloatVector a1 = FloatVector.fromMemorySegment(FLOATS, ALL, start1 & Memory.MASK, Layouts.ORDER)
                .mul(1 / SUM_UNIT);
        for (int g = 0; g < groups; g++) {
            long group = (long) (g & Memory.INDEX) * WEIGHT_BYTES;
            long in = v0 + (long) (g & Memory.INDEX) * INPUT_BYTES;
            ShortVector x0 = ShortVector.fromMemorySegment(SHORTS, ALL, in, Layouts.ORDER);
            ShortVector x1 = ShortVector.fromMemorySegment(SHORTS, ALL, in + Memory.LINE, Layouts.ORDER);
            ShortVector x2 = ShortVector.fromMemorySegment(SHORTS, ALL, in + 2 * Memory.LINE, Layouts.ORDER);
            ShortVector x3 = ShortVector.fromMemorySegment(SHORTS, ALL, in + 3 * Memory.LINE, Layouts.ORDER);
            ShortVector offset = ShortVector.fromMemorySegment(SHORTS, ALL, in + OFFSETS, Layouts.ORDER);
            FloatVector scale = FloatVector.fromMemorySegment(FLOATS, ALL, in + SCALES, Layouts.ORDER);

            ShortVector front0 = ShortVector.fromMemorySegment(SHORTS, ALL, w0 + group, Layouts.ORDER);
            ShortVector q0 = WEIGHT_LANES.selectFrom(
                    front0, ShortVector.fromMemorySegment(SHORTS, ALL, w0 + group + SECOND, Layouts.ORDER));
            ShortVector s0 = q0.and((short) 0xf).mul(x0).add(offset);
            s0 = q0.lanewise(VectorOperators.LSHR, 4).and((short) 0xf).mul(x1).add(s0);
            s0 = q0.lanewise(VectorOperators.LSHR, 8).and((short) 0xf).mul(x2).add(s0);
            s0 = q0.lanewise(VectorOperators.LSHR, 12).mul(x3).add(s0);
            FloatVector d0 = front0.rearrange(SCALE_LANES)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(HALF_BITS)
                    .reinterpretAsFloats()
                    .mul(scale);
            IntVector i0 = s0.reinterpretAsInts();
            i0 = i0.lanewise(VectorOperators.LSHL, 16).add(i0).lanewise(VectorOperators.ASHR, 16);
            a0 = ((FloatVector) i0.castShape(FLOATS, 0)).fma(d0, a0);

            ShortVector front1 = ShortVector.fromMemorySegment(SHORTS, ALL, w1 + group, Layouts.ORDER);
            ShortVector q1 = WEIGHT_LANES.selectFrom(
                    front1, ShortVector.fromMemorySegment(SHORTS, ALL, w1 + group + SECOND, Layouts.ORDER));
            ShortVector s1 = q1.and((short) 0xf).mul(x0).add(offset);
            s1 = q1.lanewise(VectorOperators.LSHR, 4).and((short) 0xf).mul(x1).add(s1);
            s1 = q1.lanewise(VectorOperators.LSHR, 8).and((short) 0xf).mul(x2).add(s1);
            s1 = q1.lanewise(VectorOperators.LSHR, 12).mul(x3).add(s1);
            FloatVector d1 = front1.rearrange(SCALE_LANES)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.ASHR, 3)
                    .and(HALF_BITS)
                    .reinterpretAsFloats()
                    .mul(scale);
            IntVector i1 = s1.reinterpretAsInts();
            i1 = i1.lanewise(VectorOperators.LSHL, 16).add(i1).lanewise(VectorOperators.ASHR, 16);
            a1 = ((FloatVector) i1.castShape(FLOATS, 0)).fma(d1, a1);
        }
        a0.mul(SUM_UNIT).intoMemorySegment(ALL, sum0 & Memory.MASK, Layouts.ORDER);
        a1.mul(SUM_UNIT).intoMemorySegment(ALL, sum1 & Memory.MASK, Layouts.ORDER);
    }
}
