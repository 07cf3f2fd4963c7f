package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;

/** Expands stored weights to f32. Every format's weights are exact in f32, so expanding loses nothing. */
final class VectorWeights {
    // Copies of the enum's fields: only static finals are constants to the compiler, which then unrolls a block.
    static final int BLOCK = WeightFormat.Q8_0.blockElements();
    static final int Q8_BYTES = WeightFormat.Q8_0.blockBytes();
    static final int Q4_BYTES = WeightFormat.Q4_0.blockBytes();

    /** Bytes of a block's scale. */
    static final int SCALE_BYTES = Short.BYTES;

    /** All binary16 values. A look-up costs the vector units nothing, a conversion and a broadcast four operations. */
    private static final float[] HALVES = new float[1 << Short.SIZE];

    static {
        for (int bits = 0; bits < HALVES.length; bits++) {
            HALVES[bits] = Float.float16ToFloat((short) bits);
        }
    }

    private VectorWeights() {}

    /**
     * Expands consecutive weights of a row.
     *
     * @param format of the weights
     * @param data holds them
     * @param offset of the first block
     * @param count number of weights, a multiple of the format's block
     * @param target receives the weights
     * @param to index of the first
     */
    static void expand(WeightFormat format, MemorySegment data, long offset, int count, float[] target, int to) {
        switch (format) {
            case F32 -> MemorySegment.copy(data, Layouts.F32, offset, target, to, count);
            case F16 -> expandF16(data, offset, count, target, to);
            case BF16 -> expandBf16(data, offset, count, target, to);
            case Q8_0 -> expandQ8(data, offset, count, target, to);
            case Q4_0 -> expandQ4(data, offset, count, target, to);
        }
    }

    /** A plain loop: the compiler turns it into the processor's conversion, which the Vector API does not offer. */
    private static void expandF16(MemorySegment data, long offset, int count, float[] target, int to) {
        for (int i = 0; i < count; i++) {
            target[to + i] = Float.float16ToFloat(data.get(Layouts.I16, offset + (long) i * Short.BYTES));
        }
    }

    private static void expandBf16(MemorySegment data, long offset, int count, float[] target, int to) {
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            Vector<Integer> bits = ShortVector.fromMemorySegment(
                            Lanes.SHORTS, data, offset + (long) i * Short.BYTES, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            Lanes.store(bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), target, to + i);
        }
        for (int i = whole; i < count; i++) {
            target[to + i] = Float.intBitsToFloat(data.get(Layouts.I16, offset + (long) i * Short.BYTES) << 16);
        }
    }

    private static void expandQ8(MemorySegment data, long offset, int count, float[] target, int to) {
        int blocks = count / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = offset + (long) b * Q8_BYTES;
            FloatVector scale = scale(data, block);
            for (int i = 0; i < BLOCK; i += Lanes.COUNT) {
                Vector<Float> q = ByteVector.fromMemorySegment(
                                Lanes.BYTE_LANES, data, block + SCALE_BYTES + Lanes.bytesOf(i), Layouts.ORDER)
                        .castShape(Lanes.FLOATS, Lanes.partOf(i));
                Lanes.store((FloatVector) q.mul(scale), target, to + b * BLOCK + i);
            }
        }
    }

    private static void expandQ4(MemorySegment data, long offset, int count, float[] target, int to) {
        int blocks = count / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = offset + (long) b * Q4_BYTES;
            FloatVector scale = scale(data, block);
            FloatVector zero = scale.mul(-8f);
            for (int i = 0; i < BLOCK; i += Lanes.COUNT) {
                int pair = i % (BLOCK / 2);
                Vector<Integer> pairs = ByteVector.fromMemorySegment(
                                Lanes.BYTE_LANES, data, block + SCALE_BYTES + Lanes.bytesOf(pair), Layouts.ORDER)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, Lanes.partOf(pair));
                IntVector q = (IntVector)
                        (i < BLOCK / 2
                                ? pairs.lanewise(VectorOperators.AND, 0xf)
                                : pairs.lanewise(VectorOperators.LSHR, 4));
                Lanes.store(((FloatVector) q.castShape(Lanes.FLOATS, 0)).fma(scale, zero), target, to + b * BLOCK + i);
            }
        }
    }

    /** The scale of a block, in all lanes. */
    static FloatVector scale(MemorySegment data, long block) {
        return Lanes.all(HALVES[data.get(Layouts.I16, block) & 0xffff]);
    }
}
