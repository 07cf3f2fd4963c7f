package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;

/** Decodes single weights. */
final class ScalarWeights {
    private ScalarWeights() {}

    static float get(WeightMatrix weights, int row, int column) {
        WeightFormat format = weights.format();
        int inBlock = column % format.blockElements();
        return decode(weights.data(), format, weights.offset(row, column - inBlock), inBlock);
    }

    /**
     * Decodes a weight.
     *
     * @param data holds the block
     * @param format of the block
     * @param block offset of the block in the data
     * @param index of the weight in the block
     * @return its value; exact in f32 for every format
     */
    private static float decode(MemorySegment data, WeightFormat format, long block, int index) {
        return switch (format) {
            case F32 -> data.get(Layouts.F32, block);
            case F16 -> Float.float16ToFloat(data.get(Layouts.I16, block));
            case BF16 -> Float.intBitsToFloat(data.get(Layouts.I16, block) << 16);
            case Q8_0 -> data.get(Layouts.I8, block + Short.BYTES + index) * scale(data, block);
            case Q4_0 ->
                (nibble(data.get(Layouts.I8, block + Short.BYTES + index % 16), index / 16) - 8) * scale(data, block);
        };
    }

    private static float scale(MemorySegment data, long block) {
        return Float.float16ToFloat(data.get(Layouts.I16, block));
    }

    private static int nibble(byte pair, int high) {
        return (pair >> (4 * high)) & 0xf;
    }
}
