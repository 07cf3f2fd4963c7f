package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * 32 weights of 5 bits with a scale: weight {@code (q - 16) * d}.
 *
 * <pre>
 *   byte 0     2       6
 *        +-----+-------+------------+
 *        |  d  | h     | 16 bytes   |   d binary16; low nibble of byte j: low bits of weight j, high: of j + 16
 *        +-----+-------+------------+   bit j of h: the highest bit of weight j
 * </pre>
 */
final class Q50 extends ScaledQuants {
    static final int ID = 6;
    private static final int ELEMENTS = 32;
    private static final int BYTES = 22;
    private static final int GROUP = 32;

    Q50() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -16, 15);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int low = (Stored.unsigned(data, block + 6 + (index & 15)) >> ((index & 16) >> 2)) & 0xF;
        int high = (Stored.unsigned(data, block + 2 + (index >> 3)) >> (index & 7)) & 1;
        return ((float) (low | (high << 4)) - 16f) * Stored.half(data, block);
    }

    @Override
    void read(long block, QuantBlock to) {
        to.scale(0, Stored.half(block));
        to.nibbles(0, 16, block + 6, 16);
        for (int i = 0; i < ELEMENTS; i += 8) {
            to.put(i, QuantBlock.minus(to.get(i) | QuantBlock.spread(Stored.unsigned(block + 2 + i / 8)) << 4, 16));
        }
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public void emit(BlockCode code) {
        code.half(BlockCode.OWN, 0);
        code.storeScale(0, BlockCode.OWN);
        int fifths = BlockCode.OWN;
        code.copy(fifths, code.quads(2));
        emit(code, fifths, 6);
    }

    /**
     * Stores the numbers of a block of 32.
     *
     * @param fifths value whose bit j is the highest one of number j
     * @param offset offset of the nibbles
     */
    static void emit(BlockCode code, int fifths, int offset) {
        int number = fifths + 1;
        int bit = fifths + 2;
        int quads = code.numbers(offset);
        for (int i = 0; i < BlockCode.QUADS; i++) {
            code.lowNibbles(number, quads + i);
            code.fifthBits(bit, fifths, 4 * i);
            code.or(number, number, bit);
            code.store(4 * i, number);
        }
        for (int i = 0; i < BlockCode.QUADS; i++) {
            code.highNibbles(number, quads + i);
            code.fifthBits(bit, fifths, 16 + 4 * i);
            code.or(number, number, bit);
            code.store(16 + 4 * i, number);
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 1).withLess(16);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block));
    }
}
