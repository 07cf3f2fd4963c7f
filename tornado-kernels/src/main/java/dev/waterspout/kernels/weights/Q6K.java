package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;

/**
 * 256 weights of 6 bits; each 16 have a scale of 8 bits: weight {@code d * s * (q - 32)}.
 *
 * <pre>
 *   byte 0          128        192        208   210
 *        +----------+----------+----------+-----+
 *        | 128 bytes| 64 bytes | 16 bytes |  d  |   d binary16; byte g of 16: s of weights 16 g to 16 g + 15, with sign
 *        +----------+----------+----------+-----+
 *   weight 128 n + 32 j + l: low nibble, for j >= 2 high, of byte 64 n + 32 (j % 2) + l of 128;
 *                            above it bits 2 j and 2 j + 1 of byte 32 n + l of 64
 * </pre>
 */
final class Q6K extends ScaledQuants {
    static final int ID = 14;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 210;
    private static final int GROUP = 16;

    Q6K() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -32, 31);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int low = (Stored.unsigned(data, block + (index >> 7 << 6) + (index & 63)) >> ((index & 64) >> 4)) & 0xF;
        int high = (Stored.unsigned(data, block + 128 + (index >> 7 << 5) + (index & 31)) >> ((index >> 4) & 6)) & 3;
        float scale = Stored.half(data, block + 208) * (float) Stored.signed(data, block + 192 + (index >> 4));
        return scale * ((float) (low | (high << 4)) - 32f);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block + 208);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.scale(g, d * Stored.signed(block + 192 + g));
        }
        to.nibbles(0, 64, block, 64);
        to.nibbles(128, 192, block + 64, 64);
        for (int i = 0; i < ELEMENTS; i += 8) {
            long high = Stored.eight(block + 128 + i / 128 * 32L + i % 32) >>> (i / 32 % 4 * 2) & QuantBlock.THREES;
            to.put(i, QuantBlock.minus(to.get(i) | high << 4, 32));
        }
    }

    @Override
    boolean isEmitted() {
        return true;
    }

    @Override
    public void emit(BlockCode code) {
        int d = BlockCode.OWN;
        int scale = d + 1;
        code.half(d, 208);
        int scales = code.quads(192);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            code.signedByte(scale, scales + g / 4, g % 4);
            code.multiply(scale, d, scale);
            code.storeScale(g, scale);
        }
        int high = BlockCode.OWN;
        for (int first = 0; first < 64; first += 16) {
            int pairs = code.numbers(128 + first);
            for (int i = 0; i < BlockCode.QUADS; i++) {
                code.copy(high + i, pairs + i);
            }
            int column = first / 32 * 128 + first % 32;
            emit(code, first / 32 * 64 + first % 32, high, 0, column);
            emit(code, first / 32 * 64 + 32 + first % 32, high, 2, column + 32);
        }
    }

    /**
     * Combines the nibbles of 16 bytes with two bits each of {@code high}, and stores the numbers. The high nibbles
     * belong to columns 64 further on.
     */
    private static void emit(BlockCode code, int offset, int high, int bit, int column) {
        int number = high + BlockCode.QUADS;
        int pair = number + 1;
        int quads = code.numbers(offset);
        for (int i = 0; i < BlockCode.QUADS; i++) {
            code.lowNibbles(number, quads + i);
            code.upperPair(pair, high + i, bit);
            code.or(number, number, pair);
            code.store(column + 4 * i, number);
        }
        for (int i = 0; i < BlockCode.QUADS; i++) {
            code.highNibbles(number, quads + i);
            code.upperPair(pair, high + i, bit + 4);
            code.or(number, number, pair);
            code.store(column + 64 + 4 * i, number);
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(4, 2).withLess(32).withFactors(GROUP);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block + 208));
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            to.factor(g, Stored.signed(block + 192 + g));
        }
    }
}
