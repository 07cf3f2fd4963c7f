package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * 64 weights of E2M1, 16 of which share a scale of E4M3 without sign: weight {@code v(q) * s / 2}, v being twice the
 * value of E2M1. A scale of 0x7f counts as 0.
 *
 * <pre>
 *   byte 0         4
 *        +---------+------------------------+
 *        | 4 bytes | 4 times 8 bytes | s of each 16; low nibble of byte j of its 8: q of weight j, high: of j + 8
 *        +---------+------------------------+
 * </pre>
 */
final class Nvfp4 extends ScaledQuants {
    static final int ID = 40;
    private static final int ELEMENTS = 64;
    private static final int BYTES = 36;
    private static final int GROUP = 16;

    Nvfp4() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -12, 12);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int q = (Stored.unsigned(data, block + 4 + (index >> 4 << 3) + (index & 7)) >> ((index & 8) >> 1)) & 0xF;
        int s = Stored.unsigned(data, block + (index >> 4));
        return Mxfp4.GRID.value(q) * scale(s);
    }

    @Override
    void read(long block, QuantBlock to) {
        for (int i = 0; i < ELEMENTS; i += GROUP) {
            to.scale(i / GROUP, scale(Stored.unsigned(block + i / GROUP)));
            long pairs = Stored.eight(block + 4 + i / 2);
            to.put(i, QuantBlock.low(pairs));
            to.put(i + 8, QuantBlock.high(pairs));
        }
        Mxfp4.GRID.replace(to, ELEMENTS);
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 0).withValues(PanelValues.E2M1).withScales(PanelLayout.E4M3, ELEMENTS, GROUP);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.four(block));
    }

    private static float scale(int s) {
        if (s == 0 || s == 0x7f) {
            return 0;
        }
        int exponent = s >> 3 & 15;
        return exponent == 0 ? (s & 7) * Stored.powerOfTwo(-10) : (8 + (s & 7)) * Stored.powerOfTwo(exponent - 11);
    }
}
