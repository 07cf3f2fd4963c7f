package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How tiles of weights and inputs of 8 bits lie in memory, {@value #CHUNK} columns at a time.
 *
 * <pre>
 * tile of weights (V bytes of a vector, one lane per row, 2 vectors of rows)
 *   constants                of 64 bytes each, see {@link Constant}
 *   numbers     64 x 2 V     per step of 4 columns and vector of rows: of each row 4 bytes
 *   scales      16 x 2 V     per group of columns and vector of rows: of each row an f32
 *   offsets     16 x 2 V     likewise; only of types that have them
 *
 * inputs of a token, per block of 32 columns, 64 bytes
 *   numbers     32 bytes     with sign
 *   scales      2 x f32      the same for both halves of the block
 *   starts      2 x i32      of each group: the least number of the weights' type times the sum of the inputs
 *   sums        2 x f32      of each group: the sum of the inputs times their scale
 *   unused      8 bytes
 * </pre>
 *
 * <p>A group has 16 or 32 columns; with 32 a block has one, and the second of each pair is not used.
 */
final class ByteLayout {
    /** Columns of a tile. */
    static final int CHUNK = 256;

    /** Columns that share the scale of inputs. */
    static final int BLOCK = 32;

    /** Columns of a step. */
    static final int STEP = 4;

    /** Bytes of a constant. */
    private static final int CONSTANT = 64;

    /** The constants at the beginning of a tile. */
    enum Constant {
        /** Words of 1. */
        ONES(0, 0x00010001),
        /** The shift of the numbers in each byte; it depends on the type. */
        SHIFT(1, 0),
        /** The lower half of each byte. */
        NIBBLES(2, 0x0f0f0f0f),
        /** The lower six bits of each byte. */
        SIXES(3, 0x3f3f3f3f),
        /** Bits 4 and 5 of each byte. */
        UPPER_PAIRS(4, 0x30303030),
        /** Bit 4 of each byte. */
        SIXTEENS(5, 0x10101010),
        /** The signs of floats. */
        SIGNS(6, 0x80000000),
        /** The lower word of each doubleword. */
        LOW_WORDS(7, 0x0000ffff),
        /** The lower two bits of each byte. */
        PAIRS(8, 0x03030303),
        /** Bit 2 of each byte. */
        FOURS(9, 0x04040404),
        /** Bytes of 32. */
        THIRTY_TWOS(10, 0x20202020),
        /** The lower four bits of each doubleword. */
        FOUR_BITS(11, 0x0000000f),
        /** A factor that moves bit i of four bits to bit 4 of byte i. */
        SPREAD(12, 0x02040810),
        /** Turns an exponent x into the float 2^(x - 64). */
        HALF_BIAS(13, 63 << 23),
        /** Of each 16 bytes the places of the byte of a doubleword that has their bits: its lower two bytes. */
        LOWER_BITS(14, 0L, 0x0101010101010101L),
        /** The same for its upper two bytes. */
        UPPER_BITS(15, 0x0202020202020202L, 0x0303030303030303L),
        /** Bit j of byte j of eight. */
        BIT_OF_BYTE(16, 0x8040201008040201L, 0x8040201008040201L),
        /** Bytes of 1. */
        BYTE_ONES(17, 0x01010101);

        private final int index;
        private final long low;
        private final long high;

        Constant(int index, int value) {
            this(index, (value & 0xffffffffL) * 0x100000001L, (value & 0xffffffffL) * 0x100000001L);
        }

        /** A constant of 16 bytes. */
        Constant(int index, long low, long high) {
            this.index = index;
            this.low = low;
            this.high = high;
        }

        /** {@return the offset of the constant} */
        int place() {
            return index * CONSTANT;
        }
    }

    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(Layouts.ORDER);

    static final int NUMBERS = Constant.values().length * CONSTANT;
    static final int STEPS = CHUNK / STEP;
    static final int GROUPS = 16;

    /** Bytes of a block of inputs. */
    static final int INPUT_BLOCK = 64;

    static final int INPUT_SCALES = 32;
    static final int INPUT_STARTS = 40;
    static final int INPUT_SUMS = 48;

    /** Bytes of a chunk of a token's inputs. */
    static final int INPUT_CHUNK = CHUNK / BLOCK * INPUT_BLOCK;

    private ByteLayout() {}

    /** Writes the constants of a tile. */
    static void prepare(MemorySegment tile, int shift) {
        for (Constant constant : Constant.values()) {
            for (int i = 0; i < CONSTANT; i += 2 * Long.BYTES) {
                tile.set(I64, constant.place() + i, constant.low);
                tile.set(I64, constant.place() + i + Long.BYTES, constant.high);
            }
        }
        tile.asSlice(Constant.SHIFT.place(), CONSTANT).fill((byte) shift);
    }

    /** {@return where the scales of a tile begin} */
    static int scales(Isa isa) {
        return NUMBERS + STEPS * Isa.VECTORS * isa.bytes();
    }

    /** {@return where the offsets of a tile begin} */
    static int offsets(Isa isa) {
        return scales(isa) + GROUPS * Isa.VECTORS * isa.bytes();
    }

    /** {@return the bytes of a tile} */
    static int tile(Isa isa) {
        return offsets(isa) + GROUPS * Isa.VECTORS * isa.bytes();
    }
}
