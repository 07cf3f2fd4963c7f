package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 weights. Every 8 weights are a point of a grid of 2048 points; every 32 weights share a scale
 * {@code s} of 3 bits and the sign of a shift. A weight is {@code d * (2 s + 1) * (coordinate of the point ± 1/8)}.
 *
 * <pre>
 *   byte 0     2          34                 50
 *        +-----+----------+------------------+
 *        |  d  | points   | 8 times 16 bits  |   d binary16
 *        +-----+----------+------------------+
 *   16 bits g, of weights 32 g to 32 g + 31: bits 3 k: the high bits of point 4 g + k; bits 12 to 14: s; bit 15: minus
 * </pre>
 */
final class Iq1S extends ScaledQuants {
    static final int ID = 19;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 50;
    private static final int GROUP = 32;

    private static final int POINTS = 2048;

    static final Grid GRID = Grid.eights("iq1_s.grid", -1, 0, 1);

    /** All points in eighths, shifted up, then all shifted down. */
    private static final Grid EIGHTHS = GRID.times(8, 1, -1);

    Iq1S() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -9, 9);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int point = index >> 3;
        long at = block + 34 + (index >> 5 << 1);
        int word = Stored.unsigned(data, at) | (Stored.unsigned(data, at + 1) << 8);
        float scale = Stored.half(data, block) * (float) (2 * ((word >> 12) & 7) + 1);
        int high = (word >> (3 * (point & 3))) & 7;
        float value = GRID.value((Stored.unsigned(data, block + 2 + point) | (high << 8)) * 8 + (index & 7));
        return scale * (word > 0x7FFF ? value - 0.125f : value + 0.125f);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            int word = Stored.two(block + 34 + 2L * g);
            to.scale(g, d * (2 * (word >> 12 & 7) + 1) * 0.125f);
            for (int k = 0; k < 4; k++) {
                int point = Stored.unsigned(block + 2 + 4L * g + k) | (word >> (3 * k) & 7) << 8;
                to.put(32 * g + 8 * k, eighths(point, word > 0x7fff));
            }
        }
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
        to.word(Stored.two(block));
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.factor(g, 2 * (Stored.two(block + 34 + 2L * g) >> 12 & 7) + 1);
        }
    }

    /** {@return the values of a point in eighths, shifted by one of them} */
    static long eighths(int point, boolean minus) {
        return EIGHTHS.eight(point + (minus ? POINTS : 0));
    }
}
