package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * 32 weights of 4 bits with a scale and an offset: weight {@code q * d + m}.
 *
 * <pre>
 *   byte 0     2     4
 *        +-----+-----+------------+
 *        |  d  |  m  | 16 bytes   |   d and m binary16; low nibble of byte j: q of weight j, high: of j + 16
 *        +-----+-----+------------+
 * </pre>
 */
final class Q41 extends ScaledQuants {
    static final int ID = 3;
    private static final int ELEMENTS = 32;
    private static final int BYTES = 20;
    private static final int GROUP = 32;

    Q41() {
        super(ID, ELEMENTS, BYTES, GROUP, true, 0, 15);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int q = (Stored.unsigned(data, block + 4 + (index & 15)) >> ((index & 16) >> 2)) & 0xF;
        return (float) q * Stored.half(data, block) + Stored.half(data, block + 2);
    }

    @Override
    void read(long block, QuantBlock to) {
        to.scale(0, Stored.half(block), Stored.half(block + 2));
        to.nibbles(0, 16, block + 4, 16);
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public void emit(BlockCode code) {
        code.half(BlockCode.OWN, 0);
        code.storeScale(0, BlockCode.OWN);
        code.half(BlockCode.OWN, 2);
        code.storeOffset(0, BlockCode.OWN);
        code.storeNibbles(4, 0);
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 0).withOffsets();
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.four(block));
    }
}
