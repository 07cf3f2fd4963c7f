package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

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
        int d = BlockCode.OWN;
        int least = d + 1;
        int scales = d + 2;
        int offsets = d + 3;
        int value = d + 4;
        code.half(d, 80);
        code.half(least, 82);
        code.negate(least, least);
        int factors = code.quads(0);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            if (g % 4 == 0) {
                code.lowNibbles(scales, factors + g / 4);
                code.highNibbles(offsets, factors + g / 4);
            }
            code.unsignedByte(value, scales, g % 4);
            code.multiply(value, d, value);
            code.storeScale(g, value);
            code.unsignedByte(value, offsets, g % 4);
            code.multiply(value, least, value);
            code.storeOffset(g, value);
        }
        for (int first = 0; first < 64; first += 16) {
            int quads = code.numbers(16 + first);
            for (int j = 0; j < 4; j++) {
                for (int i = 0; i < BlockCode.QUADS; i++) {
                    code.pair(value, quads + i, 2 * j);
                    code.store(first / 32 * 128 + 32 * j + first % 32 + 4 * i, value);
                }
            }
        }
    }

    /** {@return weight {@code column} of the row that starts at byte {@code row}; a kernel's part} */
    static float decode(ByteArray bytes, FloatArray tables, int row, int column) {
        int block = row + (column >> 8) * BYTES;
        int index = column & (ELEMENTS - 1);
        int q = ((bytes.get(block + 16 + (index >> 7 << 5) + (index & 31)) & 0xFF) >> ((index >> 4) & 6)) & 3;
        int factors = (bytes.get(block + (index >> 4)) & 0xFF);
        float scale = WeightBytes.halfAt(bytes, tables, block + 80) * (float) (factors & 0xF);
        float offset = WeightBytes.halfAt(bytes, tables, block + 82) * (float) (factors >> 4);
        return scale * (float) q - offset;
    }
}
