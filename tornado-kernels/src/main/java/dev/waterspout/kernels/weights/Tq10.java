package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;

/**
 * 256 weights of -1, 0 or 1, five to a byte, with one scale: weight {@code d * (q - 1)}.
 *
 * <pre>
 *   byte 0          32         48        52    54
 *        +----------+----------+---------+-----+
 *        | 32 bytes | 16 bytes | 4 bytes |  d  |   d binary16
 *        +----------+----------+---------+-----+
 *   weight 32 n + m < 160: digit n of byte m of 32; then 16 n + m: of byte m of 16; then 4 n + m, n < 4: of byte m of 4
 *   digit n of b: ((b * 3^n mod 256) * 3) / 256
 * </pre>
 */
final class Tq10 extends ScaledQuants {
    static final int ID = 34;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 54;
    private static final int GROUP = 256;

    Tq10() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -1, 1);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        int byteIndex = index & 31;
        int n = index >> 5;
        if (index > 159) {
            byteIndex = 32 + (index & 15);
            n = (index - 160) >> 4;
        }
        if (index > 239) {
            byteIndex = 48 + (index & 3);
            n = (index - 240) >> 2;
        }
        int power = 1;
        for (int i = 0; i < n; i++) {
            power *= 3;
        }
        int digit = (((Stored.unsigned(data, block + byteIndex) * power) & 255) * 3) >> 8;
        return ((float) digit - 1f) * Stored.half(data, block + 52);
    }

    @Override
    void read(long block, QuantBlock to) {
        to.scale(0, Stored.half(block + 52));
        digits(block, 32, 5, 0, to);
        digits(block + 32, 16, 5, 160, to);
        digits(block + 48, 4, 4, 240, to);
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.codes(2, 0).withLess(1).withScales(PanelLayout.HALF, ELEMENTS, Blocks32.BLOCK);
    }

    @Override
    void header(long block, PanelHeader to) {
        to.word(Stored.two(block + 52));
    }

    private static void digits(long address, int bytes, int digits, int first, QuantBlock to) {
        for (int m = 0; m < bytes; m++) {
            int value = Stored.unsigned(address + m);
            for (int n = 0; n < digits; n++) {
                to.putOne(first + n * bytes + m, ((value * 3) >> 8) - 1);
                value = value * 3 & 0xff;
            }
        }
    }
}
