package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * 256 weights of 5 bits; each 32 have a scale and an offset of 6 bits: weight {@code d * s * q - dmin * m}.
 *
 * <pre>
 *   byte 0     2      4          16         48         176
 *        +-----+------+----------+----------+----------+
 *        |  d  | dmin | 12 bytes | 32 bytes | 128 bytes|   d and dmin binary16; s and m of {@link KScales} in 12 bytes
 *        +-----+------+----------+----------+----------+
 *   weight 64 c + l, l < 32: low nibble of byte 32 c + l of 128; weight 64 c + 32 + l: high
 *   weight 32 g + l: above them bit g of byte l of 32
 * </pre>
 */
final class Q5K extends ScaledQuants {
    static final int ID = 13;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 176;
    private static final int GROUP = 32;

    Q5K() {
        super(ID, ELEMENTS, BYTES, GROUP, true, 0, 31);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int low = (Stored.unsigned(data, block + 48 + (index >> 6 << 5) + (index & 31)) >> ((index & 32) >> 3)) & 0xF;
        int g = index >> 5;
        int high = (Stored.unsigned(data, block + 16 + (index & 31)) >> g) & 1;
        float scale = Stored.half(data, block) * (float) KScales.scale(data, block + 4, g);
        float offset = Stored.half(data, block + 2) * (float) KScales.offset(data, block + 4, g);
        return scale * (float) (low | (high << 4)) - offset;
    }

    @Override
    void read(long block, QuantBlock to) {
        KScales.read(block, to);
        for (int c = 0; c < 4; c++) {
            to.nibbles(64 * c, 64 * c + 32, block + 48 + 32L * c, 32);
        }
        for (int i = 0; i < ELEMENTS; i += 8) {
            long high = Stored.eight(block + 16 + i % 32) >>> (i / 32) & QuantBlock.ONES;
            to.put(i, to.get(i) | high << 4);
        }
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public void emit(BlockCode code) {
        KScales.emit(code);
        int fifths = BlockCode.OWN;
        int number = fifths + BlockCode.QUADS;
        int bit = number + 1;
        for (int half = 0; half < 32; half += 16) {
            int bits = code.numbers(16 + half);
            for (int i = 0; i < BlockCode.QUADS; i++) {
                code.copy(fifths + i, bits + i);
            }
            for (int c = 0; c < 4; c++) {
                int quads = code.numbers(48 + 32 * c + half);
                for (int i = 0; i < BlockCode.QUADS; i++) {
                    code.lowNibbles(number, quads + i);
                    code.upperBit(bit, fifths + i, 2 * c);
                    code.or(number, number, bit);
                    code.store(64 * c + half + 4 * i, number);
                }
                for (int i = 0; i < BlockCode.QUADS; i++) {
                    code.highNibbles(number, quads + i);
                    code.upperBit(bit, fifths + i, 2 * c + 1);
                    code.or(number, number, bit);
                    code.store(64 * c + 32 + half + 4 * i, number);
                }
            }
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 1).withFactors(GROUP).withOffsets();
    }

    @Override
    void header(long block, PanelHeader to) {
        KScales.header(block, to);
    }
}
