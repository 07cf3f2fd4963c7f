package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * 32 weights of E2M1 with a scale that is a power of two (OCP Microscaling): weight {@code v(q) * 2^(e - 128)}, v being
 * twice the value of E2M1.
 *
 * <pre>
 *   byte 0   1
 *        +---+------------+
 *        | e | 16 bytes   |   low nibble of byte j: q of weight j, high: of j + 16
 *        +---+------------+
 * </pre>
 */
final class Mxfp4 extends ScaledQuants {
    static final int ID = 39;
    private static final int ELEMENTS = 32;
    private static final int BYTES = 17;
    private static final int GROUP = 32;

    /** Twice the values of E2M1, which {@link Nvfp4} shares. */
    static final Grid GRID = Grid.of(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

    Mxfp4() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -12, 12);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int q = (Stored.unsigned(data, block + 1 + (index & 15)) >> ((index & 16) >> 2)) & 0xF;
        return GRID.value(q) * Stored.powerOfTwo(Stored.unsigned(data, block) - 128);
    }

    @Override
    void read(long block, QuantBlock to) {
        to.scale(0, Stored.powerOfTwo(Stored.unsigned(block) - 128));
        to.nibbles(0, 16, block + 1, 16);
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
        int scale = BlockCode.OWN;
        int exponent = scale + 1;
        code.word(exponent, 0);
        code.powerOfTwo(scale, exponent, exponent + 1);
        code.storeScale(0, scale);
        code.storeLookedUp(1, 0);
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 0).withValues(PanelValues.E2M1).withScales(PanelLayout.POWER, ELEMENTS, GROUP);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.unsigned(block));
    }
}
