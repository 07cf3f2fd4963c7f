package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * 256 weights of 2 bits with one scale: weight {@code d * (q - 1)}.
 *
 * <pre>
 *   byte 0          64    66
 *        +----------+-----+
 *        | 64 bytes |  d  |   d binary16
 *        +----------+-----+
 *   weight 128 n + 32 j + l: bits 2 j and 2 j + 1 of byte 32 n + l of 64
 * </pre>
 */
final class Tq20 extends ScaledQuants {
    static final int ID = 35;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 66;
    private static final int GROUP = 256;

    Tq20() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -1, 2);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int q = (Stored.unsigned(data, block + (index >> 7 << 5) + (index & 31)) >> ((index >> 4) & 6)) & 3;
        return ((float) q - 1f) * Stored.half(data, block + 64);
    }

    @Override
    void read(long block, QuantBlock to) {
        to.scale(0, Stored.half(block + 64));
        to.pairs(block, 1);
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(2, 0).withLess(1).withScales(PanelLayout.HALF, ELEMENTS, Blocks32.BLOCK);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block + 64));
    }
}
