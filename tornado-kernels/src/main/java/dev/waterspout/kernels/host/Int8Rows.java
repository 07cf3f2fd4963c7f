package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Halves;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.Blocks32;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of Q4_0 and Q8_0 weights with one input that was rounded to 8 bits, for few tokens and vectors of 512 bits.
 *
 * <p>The Vector API has no dot product of bytes. But four products of a weight of four bits and an input of eight fit
 * into 16 bits, and two of a weight of eight bits. So four blocks are taken at a time, a group, which
 * {@link Int8Inputs} describes. Of Q8_0 its weights become two vectors, of the first and the second half of each block,
 * each short with two weights: 29 operations for 128 weights, scales included, where {@link RowQuads} has 8 for 32, and
 * a broadcast.
 *
 * <p>Of Q4_0 the 64 bytes of weights become a vector of 32 shorts, each with four weights, its digits q0 to q3 of base
 * 16. No mask takes them apart: shifted by {@code k} digits, the short is {@code s_k = q_k + 16 s_(k+1)}, and so
 * {@code q0 x0 + q1 x1 + q2 x2 + q3 x3 = s0 x0 + s1 (x1 - 16 x0) + s2 (x2 - 16 x1) + s3 (x3 - 16 x2)}, of which 16 bits
 * hold the sum whatever its parts are. That makes 18 operations for 128 weights, where {@link RowQuads} has 12 for 32.
 *
 * <pre>
 * group of Q4_0, 72 bytes [scale 0][32 weights] [scale 1][32 weights] [scale 2][32 weights] [scale 3][32 weights] short
 * s of block b weights 2s, 2s + 16, 2s + 1, 2s + 17 from the lowest bits up, 0 &lt;= s &lt; 8 group of Q8_0, 136 bytes
 * likewise short s of block b weights 2s, 2s + 1 from the lowest bits up, 0 &lt;= s &lt; 16
 * </pre>
 *
 * <p>Sums of shorts are exact; two or four of them make an integer, which is scaled and added to one f32 sum per lane.
 * A weights' scale that is infinite or no number, which no quantizer writes, counts as one of 2^16 or more.
 *
 * <p>Two rows share the loads of the inputs, and are written out as in {@link RowQuads}: one row at a time read a file
 * of weights a twentieth slower, and a helper that returns a vector puts it on the heap.
 */
public final class Int8Rows {
    /** Rows that are multiplied together: with two pairs in turn, processors prefetch a sixth less. */
    static final int STREAMS = 2;

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;

    /** Partial sums of a row. */
    public static final int LANES = FLOATS.length();

    /** Bytes from one row's partial sums to the next row's. */
    private static final long SUM_STRIDE = (long) LANES * Float.BYTES;

    /** Scales of two rows. */
    private static final VectorSpecies<Float> FACTORS = FloatVector.SPECIES_256;

    private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_256;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_512;

    private static final int Q4_BYTES = Int8Inputs.BLOCKS * Blocks32.Q4_BYTES;
    private static final int Q8_BYTES = Int8Inputs.BLOCKS * Blocks32.Q8_BYTES;

    /** Two vectors cover a group of Q4_0: one from its first byte on, one from here. */
    private static final int Q4_SECOND = Q4_BYTES - 64;

    /** Four vectors cover a group of Q8_0, two the first halves of its blocks, from its first byte and from here ... */
    private static final int Q8_SECOND = 56;

    /** ... and two the second halves. */
    private static final int Q8_THIRD = 16;

    private static final int Q8_FOURTH = Q8_BYTES - 64;

    /** Of each lane, the place of its weights among the shorts of two vectors. */
    private static final ShortVector Q4_LANES =
            lanes(Blocks32.Q4_BYTES, lane -> Blocks32.SCALE_BYTES + 2 * lane, 0, Q4_SECOND);

    private static final ShortVector Q8_LOW_LANES =
            lanes(Blocks32.Q8_BYTES, lane -> Blocks32.SCALE_BYTES + 2 * lane, 0, Q8_SECOND);
    private static final ShortVector Q8_HIGH_LANES =
            lanes(Blocks32.Q8_BYTES, lane -> Blocks32.SCALE_BYTES + Blocks32.BLOCK / 2 + 2 * lane, Q8_THIRD, Q8_FOURTH);

    /** Of each lane, the place of its block's scale among them. */
    private static final ShortVector Q8_SCALE_LANES = lanes(Blocks32.Q8_BYTES, lane -> 0, 0, Q8_SECOND);

    /** The places of four scales among the first shorts of one row, and of four among those of another, each twice. */
    private static final ShortVector Q4_SCALE_LANES = q4ScaleLanes();

    /** Of each lane of floats, its block, and its block in the second row. */
    private static final VectorShuffle<Float> BLOCK_LANES = VectorShuffle.fromOp(FLOATS, lane -> lane / 4);

    private static final VectorShuffle<Float> SECOND_BLOCK_LANES =
            VectorShuffle.fromOp(FLOATS, lane -> Int8Inputs.BLOCKS + lane / 4);

    /** The part of a block's offset that each of its lanes takes. */
    public static final float LANE_SHARE = 1f * Int8Inputs.BLOCKS / LANES;

    /** Multiplied by it, an integer has the sum of its halves in the upper one. */
    private static final int SUM_OF_HALVES = 0x10001;

    /**
     * A half's bits, moved to where a float has them, are the half divided by 2^112. Inputs' scales make up for a part.
     */
    public static final float SUM_UNIT = 0x1p112f / Int8Inputs.UNIT;

    /** A half's bits but the lowest three, moved down by 3 bits from the upper half of an integer. */
    private static final int HALF_BITS = Halves.BITS;

    private static final MemorySegment ALL = Memory.ALL;

    private Int8Rows() {}

    /**
     * Where a group's shorts are among those of two vectors.
     *
     * @param blockBytes bytes of a block
     * @param place where in its block the short of a lane is, bytes, of eight lanes
     * @param first where in a group the first vector begins, bytes
     * @param second where the second one does
     */
    private static ShortVector lanes(int blockBytes, IntUnaryOperator place, int first, int second) {
        short[] lanes = new short[SHORTS.length()];
        for (int lane = 0; lane < lanes.length; lane++) {
            int at = lane / 8 * blockBytes + place.applyAsInt(lane % 8);
            boolean inFirst = at >= first && at < first + SHORTS.vectorByteSize();
            lanes[lane] = (short) (inFirst ? (at - first) / 2 : (at - second) / 2 + lanes.length);
        }
        return ShortVector.fromArray(SHORTS, lanes, 0);
    }

    private static ShortVector q4ScaleLanes() {
        short[] lanes = new short[SHORTS.length()];
        for (int lane = 0; lane < lanes.length; lane++) {
            int row = lane / 2 / Int8Inputs.BLOCKS % 2;
            int block = lane / 2 % Int8Inputs.BLOCKS;
            lanes[lane] = (short) (row * lanes.length + block * Blocks32.Q4_BYTES / Short.BYTES);
        }
        return ShortVector.fromArray(SHORTS, lanes, 0);
    }

    /**
     * Whether such products are faster here than those of {@link RowQuads}: a row must be long enough to make up for
     * its call.
     */
    static boolean serve(WeightMatrix weights) {
        return Lanes.COUNT == 16
                && switch (weights.format()) {
                    case Q4_0 -> weights.columns() >= 2 * Int8Inputs.COLUMNS;
                    case Q8_0 -> weights.columns() >= 8 * Int8Inputs.COLUMNS;
                    default -> false;
                };
    }

    /**
     * Multiplies pairs of rows.
     *
     * @param weights the matrix
     * @param row address of the first row of the first pair; those of the other pairs follow
     * @param pairs how many
     * @param step rows to the second row of a pair
     * @param x address of the rounded input
     * @param sums address of zeros; further on it receives vectors of partial sums, one place per row of the matrix
     * @param to index of the first row's vector
     */
    static void multiply(WeightMatrix weights, long row, int pairs, int step, long x, long sums, int to) {
        int columns = weights.columns();
        int groups = columns / Int8Inputs.COLUMNS;
        boolean rest = columns % Int8Inputs.COLUMNS > 0;
        if (rest) {
            long last = row + weights.format().rowBytes(columns - Int8Inputs.COLUMNS);
            multiply(weights, last, pairs, step, x, groups, 1, sums, to, true);
        }
        multiply(weights, row, pairs, step, x, 0, groups, sums, to, !rest);
    }

    private static void multiply(
            WeightMatrix weights,
            long row,
            int pairs,
            int step,
            long x,
            int group,
            int groups,
            long zeros,
            int to,
            boolean fresh) {
        WeightFormat format = weights.format();
        long stride = weights.rowStride();
        long values = Int8Inputs.values(x, format, group);
        long scales = Int8Inputs.scales(x, format, weights.columns(), group);
        long sums = zeros + Layouts.floats(to);
        long start = fresh ? zeros : sums;
        long startStride = fresh ? 0 : SUM_STRIDE;
        if (format == WeightFormat.Q8_0) {
            q8(row, stride, step, pairs, groups, values, scales, start, startStride, sums);
        } else if (format == WeightFormat.Q4_0) {
            long offsets = Int8Inputs.offsets(x, format, weights.columns(), group);
            q4(row, stride, step, pairs, groups, values, scales, offsets, start, startStride, sums);
        }
    }

    private static void q4(
            long row,
            long stride,
            int step,
            int pairs,
            int groups,
            long values,
            long scales,
            long offsets,
            long start,
            long startStride,
            long sums) {
        long v = values & Memory.MASK;
        long d = scales & Memory.MASK;
        long o = offsets & Memory.MASK;
        for (int p = 0; p < pairs; p++) {
            long w0 = (row + p * stride) & Memory.MASK;
            long w1 = (row + (p + step) * stride) & Memory.MASK;
            FloatVector a0 = FloatVector.fromMemorySegment(
                            FLOATS, ALL, (start + p * startStride) & Memory.MASK, Layouts.ORDER)
                    .mul(1 / SUM_UNIT);
            FloatVector a1 = FloatVector.fromMemorySegment(
                            FLOATS, ALL, (start + (p + step) * startStride) & Memory.MASK, Layouts.ORDER)
                    .mul(1 / SUM_UNIT);
            FloatVector c = FloatVector.zero(FACTORS);
            for (int g = 0; g < groups; g++) {
                long group = (long) (g & Memory.INDEX) * Q4_BYTES;
                long in = v + (long) (g & Memory.INDEX) * 4 * Int8Inputs.VECTOR * Short.BYTES;
                long factors = (long) (g & Memory.INDEX) * Int8Inputs.FACTOR_BYTES;
                ShortVector x0 = ShortVector.fromMemorySegment(SHORTS, ALL, in, Layouts.ORDER);
                ShortVector x1 =
                        ShortVector.fromMemorySegment(SHORTS, ALL, in + Int8Inputs.VECTOR * Short.BYTES, Layouts.ORDER);
                ShortVector x2 = ShortVector.fromMemorySegment(
                        SHORTS, ALL, in + 2 * Int8Inputs.VECTOR * Short.BYTES, Layouts.ORDER);
                ShortVector x3 = ShortVector.fromMemorySegment(
                        SHORTS, ALL, in + 3 * Int8Inputs.VECTOR * Short.BYTES, Layouts.ORDER);

                ShortVector front0 = ShortVector.fromMemorySegment(SHORTS, ALL, w0 + group, Layouts.ORDER);
                ShortVector q0 = Q4_LANES.selectFrom(
                        front0, ShortVector.fromMemorySegment(SHORTS, ALL, w0 + group + Q4_SECOND, Layouts.ORDER));
                ShortVector s0 = q0.mul(x0);
                s0 = q0.lanewise(VectorOperators.LSHR, 4).mul(x1).add(s0);
                s0 = q0.lanewise(VectorOperators.LSHR, 8).mul(x2).add(s0);
                s0 = q0.lanewise(VectorOperators.LSHR, 12).mul(x3).add(s0);
                IntVector i0 = s0.reinterpretAsInts().mul(SUM_OF_HALVES).lanewise(VectorOperators.ASHR, 16);

                ShortVector front1 = ShortVector.fromMemorySegment(SHORTS, ALL, w1 + group, Layouts.ORDER);
                ShortVector q1 = Q4_LANES.selectFrom(
                        front1, ShortVector.fromMemorySegment(SHORTS, ALL, w1 + group + Q4_SECOND, Layouts.ORDER));
                ShortVector s1 = q1.mul(x0);
                s1 = q1.lanewise(VectorOperators.LSHR, 4).mul(x1).add(s1);
                s1 = q1.lanewise(VectorOperators.LSHR, 8).mul(x2).add(s1);
                s1 = q1.lanewise(VectorOperators.LSHR, 12).mul(x3).add(s1);
                IntVector i1 = s1.reinterpretAsInts().mul(SUM_OF_HALVES).lanewise(VectorOperators.ASHR, 16);

                IntVector halves = Q4_SCALE_LANES.selectFrom(front0, front1).reinterpretAsInts();
                FloatVector scale = ((IntVector) halves.reinterpretShape(IntVector.SPECIES_256, 0))
                        .lanewise(VectorOperators.ASHR, 3)
                        .and(HALF_BITS)
                        .reinterpretAsFloats()
                        .mul(FloatVector.fromMemorySegment(FACTORS, ALL, d + factors, Layouts.ORDER));
                c = scale.fma(FloatVector.fromMemorySegment(FACTORS, ALL, o + factors, Layouts.ORDER), c);
                FloatVector blocks = (FloatVector) scale.reinterpretShape(FLOATS, 0);
                a0 = ((FloatVector) i0.castShape(FLOATS, 0)).fma(blocks.rearrange(BLOCK_LANES), a0);
                a1 = ((FloatVector) i1.castShape(FLOATS, 0)).fma(blocks.rearrange(SECOND_BLOCK_LANES), a1);
            }
            FloatVector share = ((FloatVector) c.reinterpretShape(FLOATS, 0)).mul(LANE_SHARE);
            a0 = a0.add(share.rearrange(BLOCK_LANES));
            a1 = a1.add(share.rearrange(SECOND_BLOCK_LANES));
            a0.mul(SUM_UNIT).intoMemorySegment(ALL, (sums + p * SUM_STRIDE) & Memory.MASK, Layouts.ORDER);
            a1.mul(SUM_UNIT).intoMemorySegment(ALL, (sums + (p + step) * SUM_STRIDE) & Memory.MASK, Layouts.ORDER);
        }
    }

    private static void q8(
            long row,
            long stride,
            int step,
            int pairs,
            int groups,
            long values,
            long scales,
            long start,
            long startStride,
            long sums) {
        long v = values & Memory.MASK;
        long d = scales & Memory.MASK;
        for (int p = 0; p < pairs; p++) {
            long w0 = (row + p * stride) & Memory.MASK;
            long w1 = (row + (p + step) * stride) & Memory.MASK;
            FloatVector a0 = FloatVector.fromMemorySegment(
                            FLOATS, ALL, (start + p * startStride) & Memory.MASK, Layouts.ORDER)
                    .mul(1 / SUM_UNIT);
            FloatVector a1 = FloatVector.fromMemorySegment(
                            FLOATS, ALL, (start + (p + step) * startStride) & Memory.MASK, Layouts.ORDER)
                    .mul(1 / SUM_UNIT);
            for (int g = 0; g < groups; g++) {
                long group = (long) (g & Memory.INDEX) * Q8_BYTES;
                long in = v + (long) (g & Memory.INDEX) * 4 * Int8Inputs.VECTOR;
                ShortVector x0 = (ShortVector) ByteVector.fromMemorySegment(BYTES, ALL, in, Layouts.ORDER)
                        .castShape(SHORTS, 0);
                ShortVector x1 =
                        (ShortVector) ByteVector.fromMemorySegment(BYTES, ALL, in + Int8Inputs.VECTOR, Layouts.ORDER)
                                .castShape(SHORTS, 0);
                ShortVector x2 = (ShortVector)
                        ByteVector.fromMemorySegment(BYTES, ALL, in + 2 * Int8Inputs.VECTOR, Layouts.ORDER)
                                .castShape(SHORTS, 0);
                ShortVector x3 = (ShortVector)
                        ByteVector.fromMemorySegment(BYTES, ALL, in + 3 * Int8Inputs.VECTOR, Layouts.ORDER)
                                .castShape(SHORTS, 0);
                FloatVector scale = ((FloatVector) FloatVector.fromMemorySegment(
                                        FloatVector.SPECIES_128,
                                        ALL,
                                        d + (long) (g & Memory.INDEX) * Int8Inputs.FACTOR_BYTES,
                                        Layouts.ORDER)
                                .reinterpretShape(FLOATS, 0))
                        .rearrange(BLOCK_LANES);

                ShortVector front0 = ShortVector.fromMemorySegment(SHORTS, ALL, w0 + group, Layouts.ORDER);
                ShortVector back0 = ShortVector.fromMemorySegment(SHORTS, ALL, w0 + group + Q8_SECOND, Layouts.ORDER);
                ShortVector low0 = Q8_LOW_LANES.selectFrom(front0, back0);
                ShortVector high0 = Q8_HIGH_LANES.selectFrom(
                        ShortVector.fromMemorySegment(SHORTS, ALL, w0 + group + Q8_THIRD, Layouts.ORDER),
                        ShortVector.fromMemorySegment(SHORTS, ALL, w0 + group + Q8_FOURTH, Layouts.ORDER));
                ShortVector s0 = low0.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 8)
                        .mul(x0);
                s0 = low0.lanewise(VectorOperators.ASHR, 8).mul(x2).add(s0);
                ShortVector t0 = high0.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 8)
                        .mul(x1);
                t0 = high0.lanewise(VectorOperators.ASHR, 8).mul(x3).add(t0);
                FloatVector d0 = Q8_SCALE_LANES
                        .selectFrom(front0, back0)
                        .reinterpretAsInts()
                        .lanewise(VectorOperators.ASHR, 3)
                        .and(HALF_BITS)
                        .reinterpretAsFloats()
                        .mul(scale);
                IntVector i0 = s0.reinterpretAsInts();
                i0 = i0.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(i0.lanewise(VectorOperators.ASHR, 16));
                IntVector j0 = t0.reinterpretAsInts();
                j0 = j0.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(j0.lanewise(VectorOperators.ASHR, 16));
                a0 = ((FloatVector) i0.add(j0).castShape(FLOATS, 0)).fma(d0, a0);

                ShortVector front1 = ShortVector.fromMemorySegment(SHORTS, ALL, w1 + group, Layouts.ORDER);
                ShortVector back1 = ShortVector.fromMemorySegment(SHORTS, ALL, w1 + group + Q8_SECOND, Layouts.ORDER);
                ShortVector low1 = Q8_LOW_LANES.selectFrom(front1, back1);
                ShortVector high1 = Q8_HIGH_LANES.selectFrom(
                        ShortVector.fromMemorySegment(SHORTS, ALL, w1 + group + Q8_THIRD, Layouts.ORDER),
                        ShortVector.fromMemorySegment(SHORTS, ALL, w1 + group + Q8_FOURTH, Layouts.ORDER));
                ShortVector s1 = low1.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 8)
                        .mul(x0);
                s1 = low1.lanewise(VectorOperators.ASHR, 8).mul(x2).add(s1);
                ShortVector t1 = high1.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 8)
                        .mul(x1);
                t1 = high1.lanewise(VectorOperators.ASHR, 8).mul(x3).add(t1);
                FloatVector d1 = Q8_SCALE_LANES
                        .selectFrom(front1, back1)
                        .reinterpretAsInts()
                        .lanewise(VectorOperators.ASHR, 3)
                        .and(HALF_BITS)
                        .reinterpretAsFloats()
                        .mul(scale);
                IntVector i1 = s1.reinterpretAsInts();
                i1 = i1.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(i1.lanewise(VectorOperators.ASHR, 16));
                IntVector j1 = t1.reinterpretAsInts();
                j1 = j1.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 16)
                        .add(j1.lanewise(VectorOperators.ASHR, 16));
                a1 = ((FloatVector) i1.add(j1).castShape(FLOATS, 0)).fma(d1, a1);
            }
            a0.mul(SUM_UNIT).intoMemorySegment(ALL, (sums + p * SUM_STRIDE) & Memory.MASK, Layouts.ORDER);
            a1.mul(SUM_UNIT).intoMemorySegment(ALL, (sums + (p + step) * SUM_STRIDE) & Memory.MASK, Layouts.ORDER);
        }
    }
}
