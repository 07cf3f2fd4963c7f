package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;

/**
 * How tiles of weights and inputs of 8 bits lie in memory, {@value #CHUNK} columns at a time.
 *
 * <pre>
 * tile of weights (V bytes of a vector, one lane per row, 2 vectors of rows)
 *   constants   256 bytes    words of 1, the shift in each byte, masks of nibbles; 64 bytes each
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

    /** Where words of 1 lie. */
    static final int ONES = 0;

    /** Where the shift of the numbers lies. */
    static final int SHIFT = 64;

    /** Where masks of the lower half of each byte lie. */
    static final int NIBBLES = 128;

    static final int NUMBERS = 256;
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
        for (int i = 0; i < SHIFT; i += Short.BYTES) {
            tile.set(Layouts.I16, ONES + i, (short) 1);
        }
        tile.asSlice(SHIFT, SHIFT).fill((byte) shift);
        tile.asSlice(NIBBLES, SHIFT).fill((byte) 0xf);
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
