package dev.waterspout.kernels.host;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Expands stored weights to f32. Every format's weights are exact in f32, so expanding loses nothing. */
final class VectorWeights {
    // Copies of the enum's fields: only static finals are constants to the compiler, which then unrolls a block.
    static final int BLOCK = WeightFormat.Q8_0.blockElements();
    static final int Q8_BYTES = WeightFormat.Q8_0.blockBytes();
    static final int Q4_BYTES = WeightFormat.Q4_0.blockBytes();

    /** Bytes of a block's scale. */
    static final int SCALE_BYTES = Short.BYTES;

    /** Whether a vector has a lane for each of the sixteen values of a nibble. */
    static final boolean HAS_Q4_TABLE = Lanes.COUNT == 16;

    private static final float Q4_ZERO = -8;
    private static final float TWO_112 = 0x1p112f;
    private static final float F16_LIMIT = 0x1p16f;
    private static final int EXPONENT = 0x7f800000;
    private static final FloatVector NIBBLES = nibbles();

    private VectorWeights() {}

    private static FloatVector nibbles() {
        float[] values = new float[Lanes.COUNT];
        for (int i = 0; i < values.length; i++) {
            values[i] = i + Q4_ZERO;
        }
        return Lanes.load(values, 0);
    }

    /**
     * Expands consecutive weights of a row.
     *
     * @param weights the matrix
     * @param row of the weights
     * @param column of the first, at the start of a block
     * @param count number of weights, a multiple of the format's block
     * @param target receives the weights
     * @param to index of the first
     */
    static void expand(WeightMatrix weights, int row, int column, int count, float[] target, int to) {
        long from = weights.data().address() + weights.offset(row, column);
        switch (weights.format()) {
            case F32 -> expandF32(from, count, target, to);
            case F16 -> expandF16(from, count, target, to);
            case BF16 -> expandBf16(from, count, target, to);
            case Q8_0 -> expandQ8(from, count, target, to);
            case Q4_0 -> expandQ4(from, count, target, to);
        }
    }

    private static void expandF32(long from, int count, float[] target, int to) {
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            Lanes.store(Memory.floats(from + Layouts.floats(i)), target, to + i);
        }
        for (int i = whole; i < count; i++) {
            target[to + i] = Memory.f32(from + Layouts.floats(i));
        }
    }

    private static void expandF16(long from, int count, float[] target, int to) {
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            Lanes.store(f16WithNaNs(from + (long) i * Short.BYTES), target, to + i);
        }
        for (int i = whole; i < count; i++) {
            target[to + i] = Float.float16ToFloat(Memory.i16(from + (long) i * Short.BYTES));
        }
    }

    private static void expandBf16(long from, int count, float[] target, int to) {
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            Lanes.store(bf16(from + (long) i * Short.BYTES), target, to + i);
        }
        for (int i = whole; i < count; i++) {
            target[to + i] = Float.intBitsToFloat(Memory.i16(from + (long) i * Short.BYTES) << Short.SIZE);
        }
    }

    private static void expandQ8(long from, int count, float[] target, int to) {
        int blocks = count / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = from + (long) b * Q8_BYTES;
            float scale = scale(block);
            for (int i = 0; i < BLOCK; i += Lanes.COUNT) {
                Lanes.store(q8(block, i).mul(scale), target, to + b * BLOCK + i);
            }
        }
    }

    private static void expandQ4(long from, int count, float[] target, int to) {
        int blocks = count / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = from + (long) b * Q4_BYTES;
            int at = to + b * BLOCK;
            if (HAS_Q4_TABLE) {
                IntVector table = q4Table(block);
                Lanes.store(q4Low(block, table), target, at);
                Lanes.store(q4High(block, table), target, at + BLOCK / 2);
            } else {
                float scale = scale(block);
                for (int i = 0; i < BLOCK; i += Lanes.COUNT) {
                    Lanes.store(q4(block, i, scale), target, at + i);
                }
            }
        }
    }

    /** The scale of a block. The processor converts it faster than a table of all 65536, which fills its first cache. */
    static float scale(long block) {
        return Float.float16ToFloat(Memory.i16(block));
    }

    /**
     * A vector of F16 weights: sign, exponent and fraction moved to their places in an f32, which leaves the exponent 112
     * too low, in subnormals too; the multiplication mends that exactly. Infinities and NaNs, which arrive as 2^16 and
     * more, become infinities: keeping NaNs apart takes more operations than the compiler optimizes in four rows.
     */
    static FloatVector f16(long address) {
        FloatVector weights = f16Bits(address).mul(TWO_112);
        return weights.mul(Float.POSITIVE_INFINITY, weights.abs().compare(VectorOperators.GE, F16_LIMIT));
    }

    /** The same with NaNs. */
    private static FloatVector f16WithNaNs(long address) {
        FloatVector weights = f16Bits(address).mul(TWO_112);
        VectorMask<Float> large = weights.abs().compare(VectorOperators.GE, F16_LIMIT);
        return weights.reinterpretAsInts()
                .lanewise(VectorOperators.OR, EXPONENT, large.cast(Lanes.INTS))
                .reinterpretAsFloats();
    }

    private static FloatVector f16Bits(long address) {
        return ((IntVector) Memory.shorts(address).castShape(Lanes.INTS, 0))
                .lanewise(VectorOperators.LSHL, 13)
                .and(0x8fffe000)
                .reinterpretAsFloats();
    }

    static FloatVector bf16(long address) {
        return ((IntVector) Memory.shorts(address).castShape(Lanes.INTS, 0))
                .lanewise(VectorOperators.LSHL, Short.SIZE)
                .reinterpretAsFloats();
    }

    /** Weights of a block from the {@code i}-th on, without their scale. */
    static FloatVector q8(long block, int i) {
        return (FloatVector)
                Memory.bytes(block + SCALE_BYTES + Lanes.bytesOf(i)).castShape(Lanes.FLOATS, Lanes.partOf(i));
    }

    /** The sixteen weights that a nibble of a block can stand for, by {@link #HAS_Q4_TABLE}. */
    static IntVector q4Table(long block) {
        return NIBBLES.mul(scale(block)).reinterpretAsInts();
    }

    /** The first half of a block. */
    static FloatVector q4Low(long block, IntVector table) {
        return q4Bytes(block, 0).selectFrom(table).reinterpretAsFloats();
    }

    /**
     * The second half of a block. The bytes are loaded a second time: a vector of integers that is used twice ends up
     * on the heap.
     */
    static FloatVector q4High(long block, IntVector table) {
        return q4Bytes(block, 0)
                .lanewise(VectorOperators.ASHR, 4)
                .selectFrom(table)
                .reinterpretAsFloats();
    }

    /** Weights of a block from the {@code i}-th on, by arithmetic: 1 + nibble / 16 is made of bits. */
    static FloatVector q4(long block, int i, float scale) {
        int shift = i < BLOCK / 2 ? 19 : 15;
        return q4Bytes(block, i % (BLOCK / 2))
                .lanewise(VectorOperators.LSHL, shift)
                .and(0x780000)
                .or(0x3f800000)
                .reinterpretAsFloats()
                .fma(16 * scale, -24 * scale);
    }

    private static IntVector q4Bytes(long block, int i) {
        return (IntVector) Memory.bytes(block + SCALE_BYTES + Lanes.bytesOf(i))
                .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, Lanes.partOf(i));
    }
}
