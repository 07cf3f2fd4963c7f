package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * 32 weights of 5 bits with a scale and an offset: weight {@code q * d + m}.
 *
 * <pre>
 *   byte 0     2     4       8
 *        +-----+-----+-------+------------+
 *        |  d  |  m  | h     | 16 bytes   |   d and m binary16; nibbles and h as in Q5_0
 *        +-----+-----+-------+------------+
 * </pre>
 */
final class Q51 extends ScaledQuants {
    static final int ID = 7;
    private static final int ELEMENTS = 32;
    private static final int BYTES = 24;
    private static final int GROUP = 32;

    Q51() {
        super(ID, ELEMENTS, BYTES, GROUP, true, 0, 31);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int low = (Stored.unsigned(data, block + 8 + (index & 15)) >> ((index & 16) >> 2)) & 0xF;
        int high = (Stored.unsigned(data, block + 4 + (index >> 3)) >> (index & 7)) & 1;
        return (float) (low | (high << 4)) * Stored.half(data, block) + Stored.half(data, block + 2);
    }

    @Override
    void read(long block, QuantBlock to) {
        to.scale(0, Stored.half(block), Stored.half(block + 2));
        to.nibbles(0, 16, block + 8, 16);
        for (int i = 0; i < ELEMENTS; i += 8) {
            to.put(i, to.get(i) | QuantBlock.spread(Stored.unsigned(block + 4 + i / 8)) << 4);
        }
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public void emit(BlockCode code) {
        int fifths = BlockCode.OWN;
        int scale = fifths + 1;
        int offset = fifths + 2;
        int header = code.quads(0);
        code.copy(fifths, header + 1);
        code.shiftRight(offset, header, 16);
        code.lowHalves(scale, header);
        code.storeScale(0, scale);
        code.lowHalves(scale, offset);
        code.storeOffset(0, scale);
        Q50.emit(code, fifths, 8);
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 1).withOffsets();
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.four(block));
    }
}
