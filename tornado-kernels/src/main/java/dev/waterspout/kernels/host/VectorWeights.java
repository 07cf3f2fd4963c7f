package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** Expands stored weights to f32. Every format's weights are exact in f32, so expanding loses nothing. */
final class VectorWeights {
    /** Moves a binary16 exponent to its place among binary32 exponents: a bias of 127 instead of 15. */
    private static final int REBIAS = (127 - 15) << 23;

    /** Sign, exponent and fraction of a binary16 that was sign-extended to 32 bits and shifted left by 13. */
    private static final int HALF_BITS = 0x8fffe000;

    private static final int EXPONENT_BITS = 0x7f800000;
    private static final int INFINITE_EXPONENT = (127 + 16) << 23;
    private static final float SMALLEST_NORMAL_HALF = 0x1p-14f;

    /** Vectors that a vector of bytes converts to. */
    private static final int PARTS = Lanes.BYTE_LANES.length() / Lanes.COUNT;

    private VectorWeights() {}

    /**
     * Expands consecutive weights of a row.
     *
     * @param format of the weights
     * @param data holds them
     * @param offset of the first block
     * @param count number of weights, a multiple of the format's block
     * @param target receives f32
     * @param targetOffset byte offset in the target
     */
    static void expand(
            WeightFormat format, MemorySegment data, long offset, int count, MemorySegment target, long targetOffset) {
        switch (format) {
            case F32 -> MemorySegment.copy(data, offset, target, targetOffset, Layouts.floats(count));
            case F16 -> expandF16(data, offset, count, target, targetOffset);
            case BF16 -> expandBf16(data, offset, count, target, targetOffset);
            case Q8_0 -> expandQ8(data, offset, count, target, targetOffset);
            case Q4_0 -> expandQ4(data, offset, count, target, targetOffset);
        }
    }

    private static void expandF16(MemorySegment data, long offset, int count, MemorySegment target, long to) {
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            Lanes.store(halves(shorts(data, offset + (long) i * Short.BYTES)), target, to + Layouts.floats(i));
        }
        for (int i = whole; i < count; i++) {
            float value = Float.float16ToFloat(data.get(Layouts.I16, offset + (long) i * Short.BYTES));
            target.set(Layouts.F32, to + Layouts.floats(i), value);
        }
    }

    /**
     * Converts binary16 bits. Subnormals are rebuilt by a subtraction of normal numbers: a multiplication that takes
     * them as binary32 subnormals would cost a microcode assist each.
     */
    private static FloatVector halves(IntVector bits) {
        IntVector normal = bits.lanewise(VectorOperators.LSHL, 13).and(HALF_BITS).add(REBIAS);
        IntVector exponent = normal.and(EXPONENT_BITS);
        IntVector finite = normal.add(REBIAS, exponent.eq(INFINITE_EXPONENT));
        // Zero and subnormals: 2^-15 * (1 + f) is there, 2^-14 * f is wanted, with the sign of the input.
        FloatVector scaled = finite.reinterpretAsFloats();
        IntVector sign = normal.and(Integer.MIN_VALUE);
        FloatVector offset = sign.or(Float.floatToRawIntBits(SMALLEST_NORMAL_HALF)).reinterpretAsFloats();
        FloatVector small = scaled.add(scaled).sub(offset).reinterpretAsInts().or(sign).reinterpretAsFloats();
        return scaled.blend(small, exponent.eq(REBIAS).cast(Lanes.FLOATS));
    }

    private static void expandBf16(MemorySegment data, long offset, int count, MemorySegment target, long to) {
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            IntVector bits = shorts(data, offset + (long) i * Short.BYTES);
            Lanes.store(
                    bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), target, to + Layouts.floats(i));
        }
        for (int i = whole; i < count; i++) {
            int bits = data.get(Layouts.I16, offset + (long) i * Short.BYTES) << 16;
            target.set(Layouts.F32, to + Layouts.floats(i), Float.intBitsToFloat(bits));
        }
    }

    private static IntVector shorts(MemorySegment data, long offset) {
        return (IntVector) ShortVector.fromMemorySegment(Lanes.SHORTS, data, offset, Layouts.ORDER)
                .castShape(Lanes.INTS, 0);
    }

    private static void expandQ8(MemorySegment data, long offset, int count, MemorySegment target, long to) {
        int blocks = count / WeightFormat.Q8_0.blockElements();
        for (int b = 0; b < blocks; b++) {
            long block = offset + (long) b * WeightFormat.Q8_0.blockBytes();
            long values = to + Layouts.floats((long) b * WeightFormat.Q8_0.blockElements());
            FloatVector scale = Lanes.all(Float.float16ToFloat(data.get(Layouts.I16, block)));
            for (int i = 0; i < WeightFormat.Q8_0.blockElements(); i += Lanes.BYTE_LANES.length()) {
                ByteVector bytes = bytes(data, block + Short.BYTES + i);
                for (int part = 0; part < PARTS; part++) {
                    FloatVector q = (FloatVector) bytes.castShape(Lanes.FLOATS, part);
                    Lanes.store(q.mul(scale), target, values + Layouts.floats(i) + part * Lanes.BYTES);
                }
            }
        }
    }

    private static void expandQ4(MemorySegment data, long offset, int count, MemorySegment target, long to) {
        int blocks = count / WeightFormat.Q4_0.blockElements();
        for (int b = 0; b < blocks; b++) {
            long block = offset + (long) b * WeightFormat.Q4_0.blockBytes();
            long values = to + Layouts.floats((long) b * WeightFormat.Q4_0.blockElements());
            FloatVector scale = Lanes.all(Float.float16ToFloat(data.get(Layouts.I16, block)));
            for (int i = 0; i < 16; i += Lanes.BYTE_LANES.length()) {
                ByteVector bytes = bytes(data, block + Short.BYTES + i);
                for (int part = 0; part < PARTS; part++) {
                    IntVector pairs = (IntVector) bytes.castShape(Lanes.INTS, part);
                    long low = values + Layouts.floats(i) + part * Lanes.BYTES;
                    Lanes.store(nibbles(pairs).mul(scale), target, low);
                    Lanes.store(
                            nibbles(pairs.lanewise(VectorOperators.LSHR, 4)).mul(scale),
                            target,
                            low + Layouts.floats(16));
                }
            }
        }
    }

    private static FloatVector nibbles(IntVector pairs) {
        return (FloatVector) pairs.and(0xf).sub(8).castShape(Lanes.FLOATS, 0);
    }

    private static ByteVector bytes(MemorySegment data, long offset) {
        return ByteVector.fromMemorySegment(Lanes.BYTE_LANES, data, offset, Layouts.ORDER);
    }
}
