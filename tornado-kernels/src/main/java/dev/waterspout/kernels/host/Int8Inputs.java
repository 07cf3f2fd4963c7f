package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.Blocks32;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inputs of products that were rounded to 8 bits, as in Q8_0: to the nearest multiple of the largest magnitude of 32
 * divided by 127. They lie as {@link Int8Rows} reads them, in vectors of 512 bits, four blocks or 128 columns at a
 * time, which are a group.
 *
 * <p>They are read once per pair of rows, while weights stream through the first-level cache. When they filled 384
 * bytes per group, products of 5632 columns of Q8_0 read weights at 26 GB/s where 2048 columns read 38; with 144 both
 * read 34 to 39.
 *
 * <pre>
 * lane 8 b + s, 0 &lt;= s &lt; 8       of block b, inputs 2s, 2s + 16, 2s + 1, 2s + 17, here called x0, x1, x2, x3
 * values of Q8_0, 128 bytes       4 vectors of 32 bytes: x0, x1, x2, x3
 * values of Q4_0, 256 bytes       4 vectors of 32 shorts: x0, x1 - 16 x0, x2 - 16 x1, x3 - 16 x2
 * scales, 32 bytes                of each block a float, times 2^88; the four of them twice, for two rows
 * offsets of Q4_0, 32 bytes of each block -8 times the sum of its inputs, a float, since a weight is stored as q + 8;
 *                                 twice, too
 * </pre>
 *
 * <p>Columns that fill no group follow in one that covers a row's last 128: its blocks that are in other groups, too,
 * count as zero.
 *
 * <p>A block of inputs that are all below 2^-100 counts as zero, one that has more than 2^46 may overflow.
 */
public final class Int8Inputs {
    /** Blocks of a group. */
    public static final int BLOCKS = 4;

    /** Columns of a group. */
    static final int COLUMNS = BLOCKS * Blocks32.BLOCK;

    /** Lanes of a block. */
    private static final int LANES = 8;

    /** Lanes of a vector of values. */
    static final int VECTOR = BLOCKS * LANES;

    /** Bytes of a group's scales, and of its offsets. */
    static final int FACTOR_BYTES = 2 * BLOCKS * Float.BYTES;

    /** The bits of a Q4_0 weight, by which its inputs are shifted. */
    private static final int DIGIT = 4;

    /** The excess of stored Q4_0 weights: a weight q is stored as q + 8. */
    public static final int EXCESS = 8;

    /** The factor that stored scales are multiplied by. */
    public static final float UNIT = 0x1p88f;

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;

    public static final float LARGEST = 127;

    /** No block is scaled by what a float cannot hold. */
    public static final float SMALLEST = 0x1p-100f;

    /** Added to a number below 2^21, it leaves that number, rounded to nearest, in the lowest bits. */
    public static final float ROUNDER = 0x1.8p23f;

    /** The bits of a float without its sign. */
    private static final int MAGNITUDE = Integer.MAX_VALUE;

    private static final MemorySegment ALL = Memory.ALL;

    private Int8Inputs() {}

    /** Groups of a row, the last one perhaps not a whole one. */
    private static int groups(int columns) {
        return (columns + COLUMNS - 1) / COLUMNS;
    }

    /** Bytes of a group's values. */
    private static int valueBytes(WeightFormat format) {
        return 4 * VECTOR * (format == WeightFormat.Q4_0 ? Short.BYTES : Byte.BYTES);
    }

    /** Bytes of one token's inputs. */
    static long bytes(WeightFormat format, int columns) {
        return offsets(0, format, columns, groups(columns));
    }

    /** Address of a group's values. */
    static long values(long inputs, WeightFormat format, int group) {
        return inputs + (long) group * valueBytes(format);
    }

    /** Address of a group's scales. */
    static long scales(long inputs, WeightFormat format, int columns, int group) {
        return values(inputs, format, groups(columns)) + (long) group * FACTOR_BYTES;
    }

    /** Address of a group's offsets, which only Q4_0 has. */
    static long offsets(long inputs, WeightFormat format, int columns, int group) {
        return scales(inputs, format, columns, groups(columns)) + (long) group * FACTOR_BYTES;
    }

    /**
     * Rounds the inputs of one token.
     *
     * @param x address of the inputs
     * @param format Q4_0 or Q8_0
     * @param columns number of inputs, a multiple of 32 and at least 128
     * @param target address that receives {@link #bytes} of them
     */
    static void round(long x, WeightFormat format, int columns, long target) {
        int blocks = columns / Blocks32.BLOCK;
        int rest = blocks % BLOCKS;
        int whole = blocks - rest;
        long scales = scales(target, format, columns, 0);
        long offsets = offsets(target, format, columns, 0);
        round(x, format, whole, 0, target, scales, offsets);
        if (rest > 0) {
            int place = whole + BLOCKS - rest;
            for (int absent = whole; absent < place; absent++) {
                twice(scales, absent, 0);
            }
            long last = x + Layouts.floats((long) whole * Blocks32.BLOCK);
            round(last, format, rest, place, target, scales, offsets);
        }
    }

    /** Writes a factor of a block twice, once per row. */
    private static void twice(long factors, int block, float value) {
        long at = (factors & Memory.MASK)
                + (long) (block & Memory.INDEX) / BLOCKS * FACTOR_BYTES
                + (long) (block & (BLOCKS - 1)) * Float.BYTES;
        ALL.set(Layouts.F32, at, value);
        ALL.set(Layouts.F32, at + BLOCKS * Float.BYTES, value);
    }

    /** Rounds some blocks, the first of which becomes that of {@code place}. */
    private static void round(
            long x, WeightFormat format, int blocks, int place, long values, long scales, long offsets) {
        boolean fourBits = format == WeightFormat.Q4_0;
        int width = fourBits ? Short.BYTES : Byte.BYTES;
        long from = x & Memory.MASK;
        long to = values & Memory.MASK;
        for (int b = 0; b < blocks; b++) {
            long in = from + (long) (b & Memory.INDEX) * Blocks32.BLOCK * Float.BYTES;
            int at = b + place;
            long out = to
                    + (long) (at & Memory.INDEX) / BLOCKS * 4 * VECTOR * width
                    + (long) (at & (BLOCKS - 1)) * LANES * width;
            FloatVector low = FloatVector.fromMemorySegment(FLOATS, ALL, in, Layouts.ORDER);
            FloatVector high = FloatVector.fromMemorySegment(FLOATS, ALL, in + Memory.LINE, Layouts.ORDER);
            // Magnitudes have the order of their bits, and integers are compared by one instruction.
            IntVector magnitudes = low.reinterpretAsInts()
                    .and(MAGNITUDE)
                    .max(high.reinterpretAsInts().and(MAGNITUDE));
            float largest = Float.intBitsToFloat(magnitudes.reduceLanes(VectorOperators.MAX));
            boolean zero = largest < SMALLEST;
            float scale = zero ? 0 : largest / LARGEST;
            float inverse = zero ? 0 : LARGEST / largest;
            IntVector lows = low.mul(inverse).add(ROUNDER).reinterpretAsInts();
            IntVector highs = high.mul(inverse).add(ROUNDER).reinterpretAsInts();
            // Of two neighbours, the first one lies in the lower half of a long.
            LongVector first = lows.reinterpretAsLongs();
            LongVector second = highs.reinterpretAsLongs();
            LongVector third = first.lanewise(VectorOperators.LSHR, Integer.SIZE);
            LongVector fourth = second.lanewise(VectorOperators.LSHR, Integer.SIZE);
            twice(scales, at, scale * UNIT);
            if (fourBits) {
                ShortVector x0 = (ShortVector) first.castShape(ShortVector.SPECIES_128, 0);
                ShortVector x1 = (ShortVector) second.castShape(ShortVector.SPECIES_128, 0);
                ShortVector x2 = (ShortVector) third.castShape(ShortVector.SPECIES_128, 0);
                ShortVector x3 = (ShortVector) fourth.castShape(ShortVector.SPECIES_128, 0);
                x0.intoMemorySegment(ALL, out, Layouts.ORDER);
                x1.sub(x0.lanewise(VectorOperators.LSHL, DIGIT))
                        .intoMemorySegment(ALL, out + VECTOR * Short.BYTES, Layouts.ORDER);
                x2.sub(x1.lanewise(VectorOperators.LSHL, DIGIT))
                        .intoMemorySegment(ALL, out + 2 * VECTOR * Short.BYTES, Layouts.ORDER);
                x3.sub(x2.lanewise(VectorOperators.LSHL, DIGIT))
                        .intoMemorySegment(ALL, out + 3 * VECTOR * Short.BYTES, Layouts.ORDER);
                twice(offsets, at, -EXCESS * x0.add(x1).add(x2.add(x3)).reduceLanes(VectorOperators.ADD));
            } else {
                first.castShape(ByteVector.SPECIES_64, 0).intoMemorySegment(ALL, out, Layouts.ORDER);
                second.castShape(ByteVector.SPECIES_64, 0).intoMemorySegment(ALL, out + VECTOR, Layouts.ORDER);
                third.castShape(ByteVector.SPECIES_64, 0).intoMemorySegment(ALL, out + 2 * VECTOR, Layouts.ORDER);
                fourth.castShape(ByteVector.SPECIES_64, 0).intoMemorySegment(ALL, out + 3 * VECTOR, Layouts.ORDER);
            }
        }
    }
}
