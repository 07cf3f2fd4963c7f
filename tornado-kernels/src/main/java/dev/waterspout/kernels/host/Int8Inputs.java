package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inputs of products that were rounded to 8 bits, as in Q8_0: to the nearest multiple of the largest magnitude of 32 divided
 * by 127. They lie as {@link Int8Rows} reads them, in vectors of 512 bits, four blocks or 128 columns at a time.
 *
 * <p>They are read once per pair of rows, while weights stream through the first-level cache. When they filled 384 bytes per
 * group, products of 5632 columns read weights at 26 GB/s where 2048 columns read 38; with 144 both read 34 to 39.
 *
 * <pre>
 * values, 128 bytes per group     4 vectors of 32 bytes: of each lane the first, second, third, fourth input
 * scales, 16 bytes per group      4 floats: of each block, times 2^88
 * offsets, 64 bytes per group     32 shorts: -8 times the sum of a lane's inputs, since Q4_0 stores a weight as q + 8
 * lane 8 b + s, 0 &lt;= s &lt; 8       of block b, inputs 2s, 2s + 16, 2s + 1, 2s + 17
 * </pre>
 *
 * <p>Columns that fill no group follow in one that covers a row's last 128: its blocks that are in other groups, too, count
 * as zero.
 *
 * <p>A block of inputs that are all below 2^-100 counts as zero, one that has more than 2^46 may overflow.
 */
final class Int8Inputs {
    /** Blocks of a group. */
    static final int BLOCKS = 4;

    /** Columns of a group. */
    static final int COLUMNS = BLOCKS * VectorWeights.BLOCK;

    /** Lanes of a block, and bytes of its part of a vector. */
    private static final int LANES = 8;

    /** Bytes of a vector of values. */
    static final int VECTOR = BLOCKS * LANES;

    private static final int VALUE_BYTES = 4 * VECTOR;
    private static final int SCALE_BYTES = BLOCKS * Float.BYTES;
    private static final int OFFSET_BYTES = VECTOR * Short.BYTES;

    /** What scales are multiplied by. */
    static final float UNIT = 0x1p88f;

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;

    static final float LARGEST = 127;

    /** No block is scaled by what a float cannot hold. */
    static final float SMALLEST = 0x1p-100f;

    /** Added to a number below 2^21, it leaves that number, rounded to nearest, in the lowest bits. */
    static final float ROUNDER = 0x1.8p23f;

    /** The bits of a float without its sign. */
    private static final int MAGNITUDE = Integer.MAX_VALUE;

    private static final MemorySegment ALL = Memory.ALL;

    private Int8Inputs() {}

    /** Groups of a row, the last one perhaps not a whole one. */
    private static int groups(int columns) {
        return (columns + COLUMNS - 1) / COLUMNS;
    }

    /** Bytes of one token's inputs. */
    static long bytes(int columns) {
        return (long) groups(columns) * (VALUE_BYTES + SCALE_BYTES + OFFSET_BYTES);
    }

    /** Address of a group's values. */
    static long values(long inputs, int group) {
        return inputs + (long) group * VALUE_BYTES;
    }

    /** Address of a group's scales. */
    static long scales(long inputs, int columns, int group) {
        return values(inputs, groups(columns)) + (long) group * SCALE_BYTES;
    }

    /** Address of a group's offsets. */
    static long offsets(long inputs, int columns, int group) {
        return scales(inputs, columns, groups(columns)) + (long) group * OFFSET_BYTES;
    }

    /**
     * Rounds the inputs of one token.
     *
     * @param x address of the inputs
     * @param columns number of inputs, a multiple of 32 and at least 128
     * @param target address that receives {@link #bytes} of them
     */
    static void round(long x, int columns, long target) {
        int blocks = columns / VectorWeights.BLOCK;
        int rest = blocks % BLOCKS;
        int whole = blocks - rest;
        long scales = scales(target, columns, 0);
        long offsets = offsets(target, columns, 0);
        round(x, whole, 0, target, scales, offsets);
        if (rest > 0) {
            int place = whole + BLOCKS - rest;
            for (int absent = whole; absent < place; absent++) {
                ALL.set(Layouts.F32, scales + Layouts.floats(absent), 0);
            }
            round(x + Layouts.floats((long) whole * VectorWeights.BLOCK), rest, place, target, scales, offsets);
        }
    }

    /** Rounds some blocks, the first of which becomes that of {@code place}. */
    private static void round(long x, int blocks, int place, long values, long scales, long offsets) {
        long from = x & Memory.MASK;
        long toValues = values & Memory.MASK;
        long toScales = (scales + Layouts.floats(place)) & Memory.MASK;
        long toOffsets = (offsets + (long) place * LANES * Short.BYTES) & Memory.MASK;
        for (int b = 0; b < blocks; b++) {
            long in = from + (long) (b & Memory.INDEX) * VectorWeights.BLOCK * Float.BYTES;
            int at = b + place;
            long out =
                    toValues + (long) (at & Memory.INDEX) / BLOCKS * VALUE_BYTES + (long) (at & (BLOCKS - 1)) * LANES;
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
            first.castShape(ByteVector.SPECIES_64, 0).intoMemorySegment(ALL, out, Layouts.ORDER);
            second.castShape(ByteVector.SPECIES_64, 0).intoMemorySegment(ALL, out + VECTOR, Layouts.ORDER);
            third.castShape(ByteVector.SPECIES_64, 0).intoMemorySegment(ALL, out + 2 * VECTOR, Layouts.ORDER);
            fourth.castShape(ByteVector.SPECIES_64, 0).intoMemorySegment(ALL, out + 3 * VECTOR, Layouts.ORDER);
            ((ShortVector) first.add(second).add(third).add(fourth).castShape(ShortVector.SPECIES_128, 0))
                    .mul((short) -8)
                    .intoMemorySegment(ALL, toOffsets + (long) (b & Memory.INDEX) * LANES * Short.BYTES, Layouts.ORDER);
            ALL.set(Layouts.F32, toScales + (long) (b & Memory.INDEX) * Float.BYTES, scale * UNIT);
        }
    }
}
