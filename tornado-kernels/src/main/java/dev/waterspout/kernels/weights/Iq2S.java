package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 weights. Every 8 weights are a point of a grid of 1024 points, with a sign per weight; every 16 weights
 * share a scale {@code s} of 4 bits. A weight is {@code d * (0.5 + s) / 4 * sign * coordinate of the point}.
 *
 * <pre>
 *   byte 0     2          34         66        74        82
 *        +-----+----------+----------+---------+---------+
 *        | d | points | signs | high | 8 bytes | d binary16; s of weights 16 g to 16 g + 15: nibble g of 8 bytes
 *        +-----+----------+----------+---------+---------+
 *   point 4 g + k: byte 4 g + k of the points, above it bits 2 k of byte g of high; bit j of its signs: weight j is
 *   negative
 * </pre>
 */
final class Iq2S extends ScaledQuants {
    static final int ID = 22;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 82;
    private static final int GROUP = 16;

    private static final Grid GRID = Grid.eights("iq2_s.grid", 8, 25, 43);

    Iq2S() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -43, 43);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int point = index >> 3;
        int high = (Stored.unsigned(data, block + 66 + (point >> 2)) >> ((point & 3) << 1)) & 3;
        int s = (Stored.unsigned(data, block + 74 + (index >> 5)) >> ((index & 16) >> 2)) & 0xF;
        float scale = Stored.half(data, block) * (0.5f + (float) s) * 0.25f;
        float value = GRID.value((Stored.unsigned(data, block + 2 + point) | (high << 8)) * 8 + (index & 7));
        return scale * (((Stored.unsigned(data, block + 34 + point) >> (index & 7)) & 1) == 0 ? value : -value);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            int s = Stored.unsigned(block + 74 + g / 2) >> (g % 2 * 4) & 0xf;
            to.scale(g, d * (0.5f + s) * 0.25f);
        }
        for (int k = 0; k < ELEMENTS / 8; k++) {
            int high = Stored.unsigned(block + 66 + k / 4) >> (k % 4 * 2) & 3;
            int point = Stored.unsigned(block + 2 + k) | high << 8;
            to.put(8 * k, QuantBlock.signed(GRID.eight(point), Stored.unsigned(block + 34 + k)));
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(2, 1)
                .withValues(PanelValues.IQ2)
                .withFactors(GROUP)
                .withHalved(3);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block));
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.factor(g, 2 * (Stored.unsigned(block + 74 + g / 2) >> (g % 2 * 4) & 0xf) + 1);
        }
    }
}
