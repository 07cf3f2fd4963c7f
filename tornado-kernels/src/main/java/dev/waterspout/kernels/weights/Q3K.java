package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * 256 weights of 3 bits; each 16 have a scale of 6 bits: weight {@code d * (s - 32) * (q - 4)}.
 *
 * <pre>
 *   byte 0          32         96            108   110
 *        +----------+----------+-------------+-----+
 *        | 32 bytes | 64 bytes | 12 bytes    |  d  |   d binary16
 *        +----------+----------+-------------+-----+
 *   weight 128 n + 32 j + l: bits 2 j and 2 j + 1 of byte 32 n + l of 64, and above them bit 4 n + j of byte l of 32
 *   s of weights 16 g to 16 g + 15: a nibble of byte g % 8 of 12, low for g < 8; above it bits 2 (g / 4) of byte 8 + g
 *   % 4
 * </pre>
 */
final class Q3K extends ScaledQuants {
    static final int ID = 11;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 110;
    private static final int GROUP = 16;

    Q3K() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -4, 3);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int low = (Stored.unsigned(data, block + 32 + (index >> 7 << 5) + (index & 31)) >> ((index >> 4) & 6)) & 3;
        int high = (Stored.unsigned(data, block + (index & 31)) >> (index >> 5)) & 1;
        int g = index >> 4;
        int s = (Stored.unsigned(data, block + 96 + (g & 7)) >> ((g & 8) >> 1)) & 0xF;
        s |= ((Stored.unsigned(data, block + 104 + (g & 3)) >> (g >> 2 << 1)) & 3) << 4;
        return Stored.half(data, block + 108) * ((float) s - 32f) * ((float) (low | (high << 2)) - 4f);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block + 108);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.scale(g, d * factor(block, g));
        }
        to.pairs(block + 32, 0);
        for (int i = 0; i < ELEMENTS; i += 8) {
            long high = Stored.eight(block + i % 32) >>> (i / 32) & QuantBlock.ONES;
            to.put(i, QuantBlock.minus(to.get(i) | high << 2, 4));
        }
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public void emit(BlockCode code) {
        emitScales(code);
        int thirds = BlockCode.OWN;
        int number = thirds + BlockCode.QUADS;
        int bit = number + 1;
        for (int half = 0; half < 32; half += 16) {
            int bits = code.numbers(half);
            for (int i = 0; i < BlockCode.QUADS; i++) {
                code.copy(thirds + i, bits + i);
            }
            for (int n = 0; n < 2; n++) {
                int quads = code.numbers(32 + 32 * n + half);
                for (int j = 0; j < 4; j++) {
                    for (int i = 0; i < BlockCode.QUADS; i++) {
                        code.pair(number, quads + i, 2 * j);
                        code.thirdBit(bit, thirds + i, 4 * n + j);
                        code.or(number, number, bit);
                        code.store(128 * n + 32 * j + half + 4 * i, number);
                    }
                }
            }
        }
    }

    private static void emitScales(BlockCode code) {
        int d = BlockCode.OWN;
        int scales = d + 1;
        int part = d + 2;
        code.half(d, 108);
        // The 12 bytes are the last ones of these 16.
        int low = code.quads(92) + 1;
        int high = low + 2;
        for (int four = 0; four < 4; four++) {
            if (four < 2) {
                code.lowNibbles(scales, low + four % 2);
            } else {
                code.highNibbles(scales, low + four % 2);
            }
            code.upperPair(part, high, 2 * four);
            code.or(scales, scales, part);
            code.less32(scales, scales);
            for (int i = 0; i < 4; i++) {
                code.signedByte(part, scales, i);
                code.multiply(part, d, part);
                code.storeScale(4 * four + i, part);
            }
        }
    }

    /** {@return what a group's scale has beside d} */
    private static int factor(long block, int g) {
        int low = Stored.unsigned(block + 96 + g % 8) >> (g / 8 * 4) & 0xf;
        int high = Stored.unsigned(block + 104 + g % 4) >> (g / 4 * 2) & 3;
        return (low | high << 4) - 32;
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(2, 1).withLess(4).withFactors(GROUP);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block + 108));
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.factor(g, factor(block, g));
        }
    }
}
