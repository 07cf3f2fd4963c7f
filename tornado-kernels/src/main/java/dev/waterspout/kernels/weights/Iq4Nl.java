package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * Blocks of 32 weights. Each weight is an index {@code q} of 4 bits into a table {@code v} of 16 values, which are
 * denser near zero. A weight is {@code d * v(q)}.
 *
 * <pre>
 *   byte 0     2
 *        +-----+------------+
 *        |  d  | 16 bytes   |   d binary16; low nibble of byte j: q of weight j, high: of j + 16
 *        +-----+------------+
 * </pre>
 */
final class Iq4Nl extends ScaledQuants {
    static final int ID = 20;
    private static final int ELEMENTS = 32;
    private static final int BYTES = 18;
    private static final int GROUP = 32;

    /** The values, which {@link Iq4Xs} shares. */
    static final Grid GRID = Grid.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

    Iq4Nl() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -127, 113);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int q = (Stored.unsigned(data, block + 2 + (index & 15)) >> ((index & 16) >> 2)) & 0xF;
        return GRID.value(q) * Stored.half(data, block);
    }

    @Override
    void read(long block, QuantBlock to) {
        to.scale(0, Stored.half(block));
        to.nibbles(0, 16, block + 2, 16);
        GRID.replace(to, ELEMENTS);
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public byte[] numbers() {
        return GRID.numbers();
    }

    @Override
    public void emit(BlockCode code) {
        code.half(BlockCode.OWN, 0);
        code.storeScale(0, BlockCode.OWN);
        code.storeLookedUp(2, 0);
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 0).withValues(PanelValues.IQ4);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block));
    }
}
