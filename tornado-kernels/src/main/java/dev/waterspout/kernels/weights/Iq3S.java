package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 weights. Every 4 weights are a point of a grid of 512 points, with a sign per weight; every 32 weights
 * share a scale {@code s} of 4 bits. A weight is {@code d * (1 + 2 s) * sign * coordinate of the point}.
 *
 * <pre>
 *   byte 0     2          66       74         106       110
 *        +-----+----------+--------+----------+---------+
 *        | d | points | high | signs | 4 bytes | d binary16; s of weights 32 g to 32 g + 31: nibble g of 4 bytes
 *        +-----+----------+--------+----------+---------+
 *   point p: byte p of the points, above it bit p % 8 of byte p / 8 of high; bit j of byte k of signs: weight 8 k + j
 *   is negative
 * </pre>
 */
final class Iq3S extends ScaledQuants {
    static final int ID = 21;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 110;
    private static final int GROUP = 32;

    private static final Grid GRID = Grid.fours("iq3_s.grid", 1, 3, 5, 7, 9, 11, 13, 15);

    Iq3S() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -15, 15);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int point = index >> 2;
        int high = (Stored.unsigned(data, block + 66 + (point >> 3)) >> (point & 7)) & 1;
        int s = (Stored.unsigned(data, block + 106 + (index >> 6)) >> ((index & 32) >> 3)) & 0xF;
        float scale = Stored.half(data, block) * (float) (1 + 2 * s);
        float value = GRID.value((Stored.unsigned(data, block + 2 + point) | (high << 8)) * 4 + (index & 3));
        return scale * (((Stored.unsigned(data, block + 74 + (index >> 3)) >> (index & 7)) & 1) == 0 ? value : -value);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            int s = Stored.unsigned(block + 106 + g / 2) >> (g % 2 * 4) & 0xf;
            to.scale(g, d * (1 + 2 * s));
        }
        for (int k = 0; k < ELEMENTS / 8; k++) {
            int points = Stored.two(block + 2 + 2L * k);
            int high = Stored.unsigned(block + 66 + k / 4) >> (k % 4 * 2);
            int first = (points & 0xff) | (high & 1) << 8;
            int second = points >> 8 | (high & 2) << 7;
            long eight = GRID.four(first) | (long) GRID.four(second) << 32;
            to.put(8 * k, QuantBlock.signed(eight, Stored.unsigned(block + 74 + k)));
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 0).withValues(PanelValues.ODD).withFactors(GROUP);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block));
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.factor(g, 2 * (Stored.unsigned(block + 106 + g / 2) >> (g % 2 * 4) & 0xf) + 1);
        }
    }
}
