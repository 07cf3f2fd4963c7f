package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 weights. Every 4 weights are a point of a grid of 256 points; every 8 weights share an index of their
 * signs, and every 32 a scale {@code s} of 4 bits. A weight is
 * {@code d * (0.5 + s) / 2 * sign * coordinate of the point}.
 *
 * <pre>
 *   byte 0     2          66                 98
 *        +-----+----------+------------------+
 *        |  d  | points   | 8 times 4 bytes  |   d binary16
 *        +-----+----------+------------------+
 *   integer g of 8, bits 7 k to 7 k + 6: signs of weights 32 g + 8 k on, see {@link Signs}; bits 28 on: s of weights 32
 *   g on
 * </pre>
 */
final class Iq3Xxs extends ScaledQuants {
    static final int ID = 18;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 98;
    private static final int GROUP = 32;

    private static final Grid GRID = Grid.fours("iq3_xxs.grid", 4, 12, 20, 28, 36, 44, 52, 62);

    Iq3Xxs() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -62, 62);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        long group = block + 66 + (index >> 5 << 2);
        int bit = 7 * ((index >> 3) & 3);
        int word = Stored.unsigned(data, group + (bit >> 3)) | (Stored.unsigned(data, group + ((bit + 6) >> 3)) << 8);
        float scale = Stored.half(data, block) * (0.5f + (float) (Stored.unsigned(data, group + 3) >> 4)) * 0.5f;
        float value = GRID.value(Stored.unsigned(data, block + 2 + (index >> 2)) * 4 + (index & 3));
        return scale * (Signs.negative((word >> (bit & 7)) & 127, index & 7) == 0 ? value : -value);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            int word = Stored.four(block + 66 + 4L * g);
            to.scale(g, d * (0.5f + (word >>> 28)) * 0.5f);
            for (int k = 0; k < 4; k++) {
                long points = Stored.two(block + 2 + 8L * g + 2L * k);
                long eight = GRID.four((int) points & 0xff) | (long) GRID.four((int) points >> 8) << 32;
                to.put(32 * g + 8 * k, QuantBlock.signed(eight, Signs.all(word >>> (7 * k) & 127)));
            }
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 0)
                .withValues(PanelValues.IQ3_XXS)
                .withFactors(GROUP)
                .withHalved(2);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block));
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.factor(g, 2 * (Stored.four(block + 66 + 4L * g) >>> 28) + 1);
        }
    }
}
