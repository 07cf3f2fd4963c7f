package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 weights. Every 8 weights are a point of the grid of {@link Iq1S} and have a sign of their own for the
 * shift; every 16 weights share a scale {@code s} of 3 bits. A weight is
 * {@code d * (2 s + 1) * (coordinate of the point ± 1/8)}.
 *
 * <pre>
 *   byte 0          32         48        56
 *        +----------+----------+---------+
 *        | points   | 16 bytes | 4 times |   nibble p of 16 bytes: bits 0 to 2 the high bits of point p, bit 3: minus
 *        |          |          | 16 bits |
 *        +----------+----------+---------+
 *   16 bits n, bits 3 k: s of weights 64 n + 16 k to 64 n + 16 k + 15; bits 12 to 15: nibble n of d, binary16
 * </pre>
 */
final class Iq1M extends ScaledQuants {
    static final int ID = 29;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 56;
    private static final int GROUP = 16;

    Iq1M() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -9, 9);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int point = index >> 3;
        int bits = (Stored.unsigned(data, block + 49) >> 4)
                | (Stored.unsigned(data, block + 51) & 0xF0)
                | ((Stored.unsigned(data, block + 53) & 0xF0) << 4);
        bits |= (Stored.unsigned(data, block + 55) & 0xF0) << 8;
        long at = block + 48 + (index >> 6 << 1);
        int s = ((Stored.unsigned(data, at) | (Stored.unsigned(data, at + 1) << 8)) >> (3 * ((index >> 4) & 3))) & 7;
        float scale = Float.float16ToFloat((short) bits) * (float) (2 * s + 1);
        int high = (Stored.unsigned(data, block + 32 + (point >> 1)) >> ((point & 1) << 2)) & 0xF;
        float value = Iq1S.GRID.value((Stored.unsigned(data, block + point) | ((high & 7) << 8)) * 8 + (index & 7));
        return scale * (high > 7 ? value - 0.125f : value + 0.125f);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Float.float16ToFloat((short) half(block));
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            int s = Stored.two(block + 48 + g / 4 * 2L) >> (g % 4 * 3) & 7;
            to.scale(g, d * (2 * s + 1) * 0.125f);
        }
        for (int k = 0; k < ELEMENTS / 8; k++) {
            int high = Stored.unsigned(block + 32 + k / 2) >> (k % 2 * 4) & 0xf;
            int point = Stored.unsigned(block + k) | (high & 7) << 8;
            to.put(8 * k, Iq1S.eighths(point, high > 7));
        }
    }

    /** {@return the bits of d} */
    private static int half(long block) {
        int bits = 0;
        for (int n = 0; n < 4; n++) {
            bits |= (Stored.two(block + 48 + 2L * n) >> 12) << (4 * n);
        }
        return bits;
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(2, 1)
                .withValues(PanelValues.IQ1)
                .withFactors(GROUP)
                .withHalved(3);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(half(block));
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.factor(g, 2 * (Stored.two(block + 48 + g / 4 * 2L) >> (g % 4 * 3) & 7) + 1);
        }
    }
}
