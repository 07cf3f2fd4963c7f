package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;

/**
 * The scales and offsets of Q4_K and Q5_K: of each of eight groups 6 bits, in 12 bytes.
 *
 * <pre>
 *   byte 0              4              8
 *        +--------------+--------------+--------------+
 *        | s of g &lt; 4   | m of g &lt; 4   | low nibbles  |   bits 0 to 5 of byte g and of byte 4 + g
 *        +--------------+--------------+--------------+
 *   g >= 4: low nibble of byte 4 + g, and above it bits 6 and 7 of byte g - 4: s; high nibble, and bits 6 and 7 of byte
 *   g: m
 * </pre>
 */
final class KScales {
    private KScales() {}

    /** Reads d, dmin and the 12 bytes at the beginning of a block, and gives all groups their scales and offsets. */
    static void read(long block, QuantBlock to) {
        float d = Stored.half(block);
        float least = Stored.half(block + 2);
        long low = (Stored.four(block + 4) & 0xffffffffL) | (long) Stored.four(block + 8) << 32;
        int high = Stored.four(block + 12);
        for (int g = 0; g < 4; g++) {
            int s = (int) (low >>> (8 * g)) & 0xff;
            int m = (int) (low >>> (8 * g + 32)) & 0xff;
            int both = high >>> (8 * g) & 0xff;
            to.scale(g, d * (s & 63), -(least * (m & 63)));
            to.scale(g + 4, d * ((both & 0xf) | s >> 6 << 4), -(least * (both >> 4 | m >> 6 << 4)));
        }
    }

    /** Gives all groups of a block their factors in {@link Panels}. */
    static void header(long block, PanelHeader to) {
        to.word(Stored.four(block) ^ Integer.MIN_VALUE); // the offset is added
        for (int g = 0; g < 8; g++) {
            to.factors(g, scale(Memory.ALL, block + 4, g), offset(Memory.ALL, block + 4, g));
        }
    }

    /** Emits the code of {@link #read}. */
    static void emit(BlockCode code) {
        int header = code.quads(0);
        int low = header + 1;
        int offsets = header + 2;
        int high = header + 3;
        int d = BlockCode.OWN;
        int least = d + 1;
        int scales = d + 2;
        int scalesAbove = d + 3;
        int offsetsAbove = d + 4;
        int part = d + 5;
        code.shiftRight(part, header, 16);
        code.lowHalves(least, part);
        code.negate(least, least);
        code.lowHalves(d, header);
        // Bits 6 and 7 become 4 and 5.
        code.lowNibbles(scalesAbove, high);
        code.upperPair(part, low, 6);
        code.or(scalesAbove, scalesAbove, part);
        code.highNibbles(offsetsAbove, high);
        code.upperPair(part, offsets, 6);
        code.or(offsetsAbove, offsetsAbove, part);
        code.lowSixes(scales, low);
        code.lowSixes(offsets, offsets);
        for (int g = 0; g < 4; g++) {
            emit(code, scales, g, d, g, false);
            emit(code, scalesAbove, g, d, g + 4, false);
            emit(code, offsets, g, least, g, true);
            emit(code, offsetsAbove, g, least, g + 4, true);
        }
    }

    private static void emit(BlockCode code, int bytes, int index, int factor, int group, boolean isOffset) {
        int value = BlockCode.OWN + 6;
        code.unsignedByte(value, bytes, index);
        code.multiply(value, factor, value);
        if (isOffset) {
            code.storeOffset(group, value);
        } else {
            code.storeScale(group, value);
        }
    }

    static int scale(MemorySegment data, long at, int g) {
        return g < 4
                ? Stored.unsigned(data, at + g) & 63
                : (Stored.unsigned(data, at + g + 4) & 0xf) | Stored.unsigned(data, at + g - 4) >> 6 << 4;
    }

    static int offset(MemorySegment data, long at, int g) {
        return g < 4
                ? Stored.unsigned(data, at + g + 4) & 63
                : Stored.unsigned(data, at + g + 4) >> 4 | Stored.unsigned(data, at + g) >> 6 << 4;
    }
}
