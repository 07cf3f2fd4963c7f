package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * Blocks of 256 weights. Each weight is an index {@code q} of 4 bits into the table {@code v} of {@link Iq4Nl}; every
 * 32 weights share a scale {@code s} of 6 bits. A weight is {@code d * (s - 32) * v(q)}.
 *
 * <pre>
 *   byte 0     2     4     8          136
 *        +-----+-----+-----+----------+
 *        | d | h | l | 128 bytes| d binary16; s of weights 32 g to 32 g + 31: nibble g of l, above it bits 2 g of h
 *        +-----+-----+-----+----------+
 *   weight 32 g + j, j < 16: low nibble of byte 16 g + j of 128; weight 32 g + 16 + j: high
 * </pre>
 */
final class Iq4Xs extends ScaledQuants {
    static final int ID = 23;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 136;
    private static final int GROUP = 32;

    Iq4Xs() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -127, 113);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int q = (Stored.unsigned(data, block + 8 + (index >> 5 << 4) + (index & 15)) >> ((index & 16) >> 2)) & 0xF;
        int g = index >> 5;
        int s = (Stored.unsigned(data, block + 4 + (g >> 1)) >> ((g & 1) << 2)) & 0xF;
        s |= ((Stored.unsigned(data, block + 2 + (g >> 2)) >> ((g & 3) << 1)) & 3) << 4;
        return Stored.half(data, block) * ((float) s - 32f) * Iq4Nl.GRID.value(q);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.scale(g, d * factor(block, g));
            to.nibbles(32 * g, 32 * g + 16, block + 8 + 16L * g, 16);
        }
        Iq4Nl.GRID.replace(to, ELEMENTS);
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public byte[] numbers() {
        return Iq4Nl.GRID.numbers();
    }

    @Override
    public void emit(BlockCode code) {
        int d = BlockCode.OWN;
        int high = d + 1;
        int scale = d + 2;
        int part = d + 3;
        int header = code.quads(0);
        int low = header + 1;
        code.shiftRight(high, header, 16);
        code.lowHalves(d, header);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            code.shiftRight(scale, low, 4 * g);
            code.lowNibbles(scale, scale);
            code.upperPair(part, high, 2 * g);
            code.or(scale, scale, part);
            code.less32(scale, scale);
            code.signedByte(scale, scale, 0);
            code.multiply(scale, d, scale);
            code.storeScale(g, scale);
        }
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            code.storeLookedUp(8 + 16 * g, GROUP * g);
        }
    }

    /** {@return what a group's scale has beside d} */
    private static int factor(long block, int g) {
        int low = Stored.unsigned(block + 4 + g / 2) >> (g % 2 * 4) & 0xf;
        int high = Stored.unsigned(block + 2 + g / 4) >> (g % 4 * 2) & 3;
        return (low | high << 4) - 32;
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 0).withValues(PanelValues.IQ4).withFactors(GROUP);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block));
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.factor(g, factor(block, g));
        }
    }
}
