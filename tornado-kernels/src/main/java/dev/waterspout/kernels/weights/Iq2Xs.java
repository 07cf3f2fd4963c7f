package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 weights. Every 8 weights are a point of a grid of 512 points, with a sign per weight; every 16 weights
 * share a scale {@code s} of 4 bits. A weight is {@code d * (0.5 + s) / 4 * sign * coordinate of the point}.
 *
 * <pre>
 *   byte 0     2                   66         74
 *        +-----+-------------------+----------+
 *        |  d  | 32 times 16 bits  | 8 bytes  |   d binary16; s of weights 16 g to 16 g + 15: nibble g of 8 bytes
 *        +-----+-------------------+----------+
 *   bits 0 to 8: the point; bits 9 to 15: its signs, see {@link Signs}
 * </pre>
 */
final class Iq2Xs extends ScaledQuants {
    static final int ID = 17;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 74;
    private static final int GROUP = 16;

    private static final Grid GRID = Grid.eights("iq2_xs.grid", 8, 25, 43);

    Iq2Xs() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -43, 43);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        long at = block + 2 + (index >> 3 << 1);
        int word = Stored.unsigned(data, at) | (Stored.unsigned(data, at + 1) << 8);
        int s = (Stored.unsigned(data, block + 66 + (index >> 5)) >> ((index & 16) >> 2)) & 0xF;
        float scale = Stored.half(data, block) * (0.5f + (float) s) * 0.25f;
        float value = GRID.value((word & 511) * 8 + (index & 7));
        return scale * (Signs.negative(word >> 9, index & 7) == 0 ? value : -value);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            int s = Stored.unsigned(block + 66 + g / 2) >> (g % 2 * 4) & 0xf;
            to.scale(g, d * (0.5f + s) * 0.25f);
        }
        for (int k = 0; k < ELEMENTS / 8; k++) {
            int word = Stored.two(block + 2 + 2L * k);
            to.put(8 * k, QuantBlock.signed(GRID.eight(word & 511), Signs.all(word >> 9)));
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
            to.factor(g, 2 * (Stored.unsigned(block + 66 + g / 2) >> (g % 2 * 4) & 0xf) + 1);
        }
    }
}
