package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 weights. Every 8 weights are a point of a grid of 256 points, with a sign per weight; every 32 weights
 * share a scale {@code s} of 4 bits. A weight is {@code d * (0.5 + s) / 4 * sign * coordinate of the point}.
 *
 * <pre>
 *   byte 0     2
 *        +-----+-------------------+
 *        |  d  | 8 times 8 bytes   |   d binary16; of each 32 weights:
 *        +-----+-------------------+
 *   bytes 0 to 3: the points; of the integer in bytes 4 to 7, bits 7 k to 7 k + 6: signs of point k, see {@link Signs},
 *   bits 28 on: s
 * </pre>
 */
final class Iq2Xxs extends ScaledQuants {
    static final int ID = 16;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 66;
    private static final int GROUP = 32;

    private static final Grid GRID = Grid.eights("iq2_xxs.grid", 8, 25, 43);

    Iq2Xxs() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -43, 43);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        long group = block + 2 + (index >> 5 << 3);
        int k = (index >> 3) & 3;
        int bit = 7 * k;
        int word = Stored.unsigned(data, group + 4 + (bit >> 3))
                | (Stored.unsigned(data, group + 4 + ((bit + 6) >> 3)) << 8);
        float scale = Stored.half(data, block) * (0.5f + (float) (Stored.unsigned(data, group + 7) >> 4)) * 0.25f;
        float value = GRID.value(Stored.unsigned(data, group + k) * 8 + (index & 7));
        return scale * (Signs.negative((word >> (bit & 7)) & 127, index & 7) == 0 ? value : -value);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            long word = Stored.eight(block + 2 + 8L * g);
            to.scale(g, d * (0.5f + (word >>> 60)) * 0.25f);
            for (int k = 0; k < 4; k++) {
                int signs = Signs.all((int) (word >>> (32 + 7 * k)) & 127);
                to.put(32 * g + 8 * k, QuantBlock.signed(GRID.eight((int) (word >>> (8 * k)) & 0xff), signs));
            }
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
            to.factor(g, 2 * (int) (Stored.eight(block + 2 + 8L * g) >>> 60) + 1);
        }
    }
}
