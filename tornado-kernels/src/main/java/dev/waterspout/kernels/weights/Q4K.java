package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * 256 weights of 4 bits; each 32 have a scale and an offset of 6 bits: weight {@code d * s * q - dmin * m}.
 *
 * <pre>
 *   byte 0     2      4          16         144
 *        +-----+------+----------+----------+
 *        |  d  | dmin | 12 bytes | 128 bytes|   d and dmin binary16; s and m of {@link KScales} in 12 bytes
 *        +-----+------+----------+----------+
 *   weight 64 c + l, l < 32: low nibble of byte 32 c + l of 128; weight 64 c + 32 + l: high
 * </pre>
 */
final class Q4K extends ScaledQuants {
    static final int ID = 12;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 144;
    private static final int GROUP = 32;

    Q4K() {
        super(ID, ELEMENTS, BYTES, GROUP, true, 0, 15);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int q = (Stored.unsigned(data, block + 16 + (index >> 6 << 5) + (index & 31)) >> ((index & 32) >> 3)) & 0xF;
        int g = index >> 5;
        float scale = Stored.half(data, block) * (float) KScales.scale(data, block + 4, g);
        float offset = Stored.half(data, block + 2) * (float) KScales.offset(data, block + 4, g);
        return scale * (float) q - offset;
    }

    @Override
    void read(long block, QuantBlock to) {
        KScales.read(block, to);
        for (int c = 0; c < 4; c++) {
            to.nibbles(64 * c, 64 * c + 32, block + 16 + 32L * c, 32);
        }
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public void emit(BlockCode code) {
        KScales.emit(code);
        int first = BlockCode.OWN;
        int number = first + BlockCode.QUADS;
        for (int c = 0; c < 4; c++) {
            int half = code.numbers(16 + 32 * c);
            for (int i = 0; i < BlockCode.QUADS; i++) {
                code.copy(first + i, half + i);
            }
            int second = code.numbers(32 + 32 * c);
            // Both halves of a group follow each other, so that their products are added before they are summed up.
            for (int i = 0; i < 2 * BlockCode.QUADS; i++) {
                int bytes = i < BlockCode.QUADS ? first + i : second + i - BlockCode.QUADS;
                code.lowNibbles(number, bytes);
                code.store(64 * c + 4 * i, number);
            }
            for (int i = 0; i < 2 * BlockCode.QUADS; i++) {
                int bytes = i < BlockCode.QUADS ? first + i : second + i - BlockCode.QUADS;
                code.highNibbles(number, bytes);
                code.store(64 * c + 32 + 4 * i, number);
            }
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 0).withFactors(GROUP).withOffsets();
    }

    @Override
    void header(long block, PanelHeader to) {
        KScales.header(block, to);
    }
}
