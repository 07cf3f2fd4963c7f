package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.weights.RandomBlocks;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** A matrix with random stored weights, and the values that its bytes stand for, decoded here a second time. */
final class RandomWeights {
    private final WeightMatrix matrix;
    private final float[][] values;

    private RandomWeights(WeightMatrix matrix, float[][] values) {
        this.matrix = matrix;
        this.values = values;
    }

    WeightMatrix matrix() {
        return matrix;
    }

    /** [rows][columns]. */
    float[][] values() {
        return values;
    }

    /** Rows are {@code gap} bytes apart and the data starts at an odd address, as it may in a file. */
    static RandomWeights create(Arena arena, WeightFormat format, int rows, int columns, long gap, long seed) {
        Random random = new Random(seed);
        long stride = format.rowBytes(columns) + gap;
        MemorySegment data = arena.allocate(rows * stride + 1, 64).asSlice(1);
        float[][] values = new float[rows][columns];
        for (int row = 0; row < rows; row++) {
            for (int c = 0; c < columns; c += format.blockElements()) {
                fillBlock(data, row * stride + format.rowBytes(c), format, random, values[row], c);
            }
        }
        return new RandomWeights(new WeightMatrix(data, format, rows, columns, stride), values);
    }

    private static void fillBlock(
            MemorySegment data, long block, WeightFormat format, Random random, float[] values, int column) {
        float weight = random.nextFloat() * 2 - 1;
        switch (format) {
            case F32 -> {
                data.set(Layouts.F32, block, weight);
                values[column] = weight;
            }
            case F16 -> {
                short bits = Float.floatToFloat16(weight);
                data.set(Layouts.I16, block, bits);
                values[column] = Float.float16ToFloat(bits);
            }
            case BF16 -> {
                int bits = Float.floatToRawIntBits(weight) & 0xffff0000;
                data.set(Layouts.I16, block, (short) (bits >> 16));
                values[column] = Float.intBitsToFloat(bits);
            }
            case Q8_0 -> {
                float scale = fillScale(data, block, weight / 128);
                for (int i = 0; i < 32; i++) {
                    int q = random.nextInt(256) - 128;
                    data.set(Layouts.I8, block + 2 + i, (byte) q);
                    values[column + i] = q * scale;
                }
            }
            case Q4_0 -> {
                float scale = fillScale(data, block, weight / 8);
                for (int i = 0; i < 16; i++) {
                    int low = random.nextInt(16);
                    int high = random.nextInt(16);
                    data.set(Layouts.I8, block + 2 + i, (byte) (low | high << 4));
                    values[column + i] = (low - 8) * scale;
                    values[column + i + 16] = (high - 8) * scale;
                }
            }
            default -> {
                // The reference, which other tests compare with llama.cpp.
                RandomBlocks.fill(random, format, data, block);
                for (int i = 0; i < format.blockElements(); i++) {
                    values[column + i] = format.weight(data, block, i);
                }
            }
        }
    }

    private static float fillScale(MemorySegment data, long block, float scale) {
        short bits = Float.floatToFloat16(scale);
        data.set(Layouts.I16, block, bits);
        return Float.float16ToFloat(bits);
    }
}
