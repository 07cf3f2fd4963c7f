package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * 256 weights of 2 bits; each 16 have a scale and an offset of 4 bits: weight {@code d * s * q - dmin * m}.
 *
 * <pre>
 *   byte 0             16            80     82     84
 *        +-------------+-------------+------+------+
 *        | 16 bytes    | 64 bytes    |  d   | dmin |   d and dmin binary16
 *        +-------------+-------------+------+------+
 *   byte g of 16: low nibble s, high nibble m of weights 16 g to 16 g + 15
 *   weight 128 n + 32 j + l: bits 2 j and 2 j + 1 of byte 32 n + l of 64
 * </pre>
 */
final class Q2K extends ScaledQuants {
    static final int ID = 10;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 84;
    private static final int GROUP = 16;

    Q2K() {
        super(ID, ELEMENTS, BYTES, GROUP, true, 0, 3);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int q = (Stored.unsigned(data, block + 16 + (index >> 7 << 5) + (index & 31)) >> ((index >> 4) & 6)) & 3;
        int factors = Stored.unsigned(data, block + (index >> 4));
        float scale = Stored.half(data, block + 80) * (float) (factors & 0xF);
        float offset = Stored.half(data, block + 82) * (float) (factors >> 4);
        return scale * (float) q - offset;
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block + 80);
        float least = Stored.half(block + 82);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            int factors = Stored.unsigned(block + g);
            to.scale(g, d * (factors & 0xf), -(least * (factors >> 4)));
        }
        to.pairs(block + 16, 0);
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public void emit(BlockCode code) {
        emitScales(code);
        int first = BlockCode.OWN;
        int number = first + BlockCode.QUADS;
        for (int half = 0; half < 2; half++) {
            int quads = code.numbers(16 + 32 * half);
            for (int i = 0; i < BlockCode.QUADS; i++) {
                code.copy(first + i, quads + i);
            }
            int second = code.numbers(32 + 32 * half);
            // Groups in ascending order, so that none waits for another.
            for (int j = 0; j < 4; j++) {
                emit(code, first, 2 * j, number, 128 * half + 32 * j);
                emit(code, second, 2 * j, number, 128 * half + 32 * j + 16);
            }
        }
    }

    private static void emitScales(BlockCode code) {
        int d = BlockCode.OWN;
        int least = d + 1;
        int value = d + 2;
        // Both halves are the last four of these bytes.
        int halves = code.quads(68) + 3;
        code.shiftRight(value, halves, 16);
        code.lowHalves(least, value);
        code.negate(least, least);
        code.lowHalves(d, halves);
        int factors = code.quads(0);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            code.nibble(value, factors + g / 4, g % 4 * 2);
            code.multiply(value, d, value);
            code.storeScale(g, value);
            code.nibble(value, factors + g / 4, g % 4 * 2 + 1);
            code.multiply(value, least, value);
            code.storeOffset(g, value);
        }
    }

    /** Stores the numbers of 16 columns: two bits of each byte. */
    private static void emit(BlockCode code, int quads, int bit, int number, int column) {
        for (int i = 0; i < BlockCode.QUADS; i++) {
            code.pair(number, quads + i, bit);
            code.store(column + 4 * i, number);
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(2, 0)
                .withScales(PanelLayout.NIBBLES, ELEMENTS, GROUP)
                .withOffsets();
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.four(block + 80) ^ Integer.MIN_VALUE); // the offset is added
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            int factors = Stored.unsigned(block + g);
            to.factors(g, factors & 0xf, factors >> 4);
        }
    }
}
