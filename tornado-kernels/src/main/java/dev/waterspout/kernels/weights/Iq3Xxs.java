package dev.waterspout.kernels.weights;

import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * 256 weights, each 4 a point of a grid of 256, each 8 with signs, each 32 with a scale of 4 bits: weight
 * {@code d * (0.5 + s) / 2} times the point times the sign.
 *
 * <pre>
 *   byte 0     2          66                 98
 *        +-----+----------+------------------+
 *        |  d  | points   | 8 times 4 bytes  |   d binary16
 *        +-----+----------+------------------+
 *   integer g of 8, bits 7 k to 7 k + 6: signs of weights 32 g + 8 k on, see {@link Signs}; bits 28 on: s of weights 32
 *   g on
 * </pre>
 */
final class Iq3Xxs extends ScaledQuants {
    static final int ID = 18;
    private static final int ELEMENTS = 256;
    private static final int BYTES = 98;
    private static final int GROUP = 32;

    /** Where the grid begins in the tables of devices. */
    static final int TABLE = Iq2S.TABLE + 1024 * 8;

    private static final Grid GRID = Grid.fours("iq3_xxs.grid", 4, 12, 20, 28, 36, 44, 52, 62);

    Iq3Xxs() {
        super(ID, ELEMENTS, BYTES, GROUP, false, -62, 62);
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        long group = block + 66 + (index >> 5 << 2);
        int bit = 7 * ((index >> 3) & 3);
        int word = Stored.unsigned(data, group + (bit >> 3)) | (Stored.unsigned(data, group + ((bit + 6) >> 3)) << 8);
        float scale = Stored.half(data, block) * (0.5f + (float) (Stored.unsigned(data, group + 3) >> 4)) * 0.5f;
        float value = GRID.value(Stored.unsigned(data, block + 2 + (index >> 2)) * 4 + (index & 3));
        return scale * (Signs.negative((word >> (bit & 7)) & 127, index & 7) == 0 ? value : -value);
    }

    @Override
    void read(long block, QuantBlock to) {
        float d = Stored.half(block);
        for (int g = 0; g < ELEMENTS / GROUP; g++) {
            int word = Stored.four(block + 66 + 4L * g);
            to.scale(g, d * (0.5f + (word >>> 28)) * 0.5f);
            for (int k = 0; k < 4; k++) {
                long points = Stored.two(block + 2 + 8L * g + 2L * k);
                long eight = GRID.four((int) points & 0xff) | (long) GRID.four((int) points >> 8) << 32;
                to.put(32 * g + 8 * k, QuantBlock.signed(eight, Signs.all(word >>> (7 * k) & 127)));
            }
        }
    }

    @Override
    int tableStart() {
        return TABLE;
    }

    @Override
    float[] table() {
        return GRID.values();
    }

    /** {@return weight {@code column} of the row that starts at byte {@code row}; a kernel's part} */
    static float decode(ByteArray bytes, FloatArray tables, int row, int column) {
        int block = row + (column >> 8) * BYTES;
        int index = column & (ELEMENTS - 1);
        int group = block + 66 + (index >> 5 << 2);
        int bit = 7 * ((index >> 3) & 3);
        int word = (bytes.get(group + (bit >> 3)) & 0xFF) | ((bytes.get(group + ((bit + 6) >> 3)) & 0xFF) << 8);
        float scale =
                WeightBytes.halfAt(bytes, tables, block) * (0.5f + (float) ((bytes.get(group + 3) & 0xFF) >> 4)) * 0.5f;
        float value = tables.get(TABLE + (bytes.get(block + 2 + (index >> 2)) & 0xFF) * 4 + (index & 3));
        return scale * (Signs.negative((word >> (bit & 7)) & 127, index & 7) == 0 ? value : -value);
    }
}
