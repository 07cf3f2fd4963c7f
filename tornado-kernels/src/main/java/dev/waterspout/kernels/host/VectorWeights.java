package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Expands stored weights to f32. Every format's weights are exact in f32, so expanding loses nothing. */
public final class VectorWeights {
    // Copies of the enum's fields: only static finals are constants to the compiler, which then unrolls a block.
    public static final int BLOCK = WeightFormat.Q8_0.blockElements();
    public static final int Q8_BYTES = WeightFormat.Q8_0.blockBytes();
    public static final int Q4_BYTES = WeightFormat.Q4_0.blockBytes();

    /** Bytes of a block's scale. */
    public static final int SCALE_BYTES = Short.BYTES;

    /** All binary16 values. A look-up costs the vector units nothing, a conversion and a broadcast four operations. */
    static final float[] HALVES = new float[1 << Short.SIZE];

    static {
        for (int bits = 0; bits < HALVES.length; bits++) {
            HALVES[bits] = Float.float16ToFloat((short) bits);
        }
    }

    /** A half's sign and, 13 bits further up, its other bits. */
    public static final int HALF_BITS = 0x8fffe000;

    /** A half's exponent, 13 bits further up. */
    static final int HALF_EXPONENT = 0x1f << 23;

    static final int FLOAT_EXPONENT = 0xff << 23;

    /** 2^112: a float's exponents begin at -126, a half's at -14. */
    static final float HALF_UNIT = 0x1p112f;

    private static final MemorySegment ALL = Memory.ALL;

    /**
     * No vector holds four bytes alone, and to convert half of one takes several times as long as to shift an integer's
     * bytes apart.
     */
    private static final boolean FOUR_LANES = Lanes.COUNT == Integer.BYTES;

    /** How far each byte of an integer, from the lowest on, is from its bottom. */
    private static final IntVector TO_BOTTOM =
            IntVector.zero(Lanes.INTS).addIndex(Byte.SIZE).and(Integer.SIZE - 1);

    /** And from its top. */
    private static final IntVector TO_TOP =
            IntVector.broadcast(Lanes.INTS, Integer.SIZE - Byte.SIZE).sub(TO_BOTTOM);

    private VectorWeights() {}

    /**
     * Expands consecutive weights of a row.
     *
     * @param format of the weights
     * @param address of the first block
     * @param count number of weights, a multiple of the format's block
     * @param target address of the first expanded weight
     */
    static void expand(WeightFormat format, long address, int count, long target) {
        switch (format) {
            case F32 -> MemorySegment.copy(ALL, address, ALL, target, Layouts.floats(count));
            case F16 -> expandF16(address, count, target);
            case BF16 -> expandBf16(address, count, target);
            case Q8_0 -> expandQ8(address, count, target);
            case Q4_0 -> expandQ4(address, count, target);
        }
    }

    /** {@return as many bytes as a vector has lanes, from the i-th after an address on, without sign} */
    static IntVector bytes(long address, int i) {
        long from = address + (i & Memory.INDEX);
        if (FOUR_LANES) {
            return IntVector.broadcast(Lanes.INTS, ALL.get(Layouts.I32, from))
                    .lanewise(VectorOperators.LSHR, TO_BOTTOM)
                    .and(0xff);
        }
        return (IntVector) ByteVector.fromMemorySegment(Lanes.BYTE_LANES, ALL, from, Layouts.ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, 0);
    }

    /** {@return the same with sign, as floats} */
    static FloatVector signedBytes(long address, int i) {
        long from = address + (i & Memory.INDEX);
        if (FOUR_LANES) {
            return (FloatVector) IntVector.broadcast(Lanes.INTS, ALL.get(Layouts.I32, from))
                    .lanewise(VectorOperators.LSHL, TO_TOP)
                    .lanewise(VectorOperators.ASHR, Integer.SIZE - Byte.SIZE)
                    .castShape(Lanes.FLOATS, 0);
        }
        return (FloatVector) ByteVector.fromMemorySegment(Lanes.BYTE_LANES, ALL, from, Layouts.ORDER)
                .castShape(Lanes.FLOATS, 0);
    }

    /**
     * The bits of a half, moved to where a float has them, are that half divided by 2^112, subnormal or not; a half's
     * largest exponent becomes a float's.
     */
    private static void expandF16(long address, int count, long target) {
        long from = address & Memory.MASK;
        long to = target & Memory.MASK;
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            IntVector h = ((IntVector) ShortVector.fromMemorySegment(
                                    Lanes.SHORTS, ALL, from + (long) (i & Memory.INDEX) * Short.BYTES, Layouts.ORDER)
                            .castShape(Lanes.INTS, 0))
                    .lanewise(VectorOperators.LSHL, 13)
                    .and(HALF_BITS);
            VectorMask<Integer> special = h.and(HALF_EXPONENT).compare(VectorOperators.EQ, HALF_EXPONENT);
            h.reinterpretAsFloats()
                    .mul(HALF_UNIT)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.OR, FLOAT_EXPONENT, special)
                    .reinterpretAsFloats()
                    .intoMemorySegment(ALL, to + (long) (i & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
        }
        for (int i = whole; i < count; i++) {
            float value = Float.float16ToFloat(ALL.get(Layouts.I16, from + (long) (i & Memory.INDEX) * Short.BYTES));
            ALL.set(Layouts.F32, to + (long) (i & Memory.INDEX) * Float.BYTES, value);
        }
    }

    private static void expandBf16(long address, int count, long target) {
        long from = address & Memory.MASK;
        long to = target & Memory.MASK;
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            IntVector bits = (IntVector) ShortVector.fromMemorySegment(
                            Lanes.SHORTS, ALL, from + (long) (i & Memory.INDEX) * Short.BYTES, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            bits.lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .intoMemorySegment(ALL, to + (long) (i & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
        }
        for (int i = whole; i < count; i++) {
            float value =
                    Float.intBitsToFloat(ALL.get(Layouts.I16, from + (long) (i & Memory.INDEX) * Short.BYTES) << 16);
            ALL.set(Layouts.F32, to + (long) (i & Memory.INDEX) * Float.BYTES, value);
        }
    }

    private static void expandQ8(long address, int count, long target) {
        long from = address & Memory.MASK;
        long to = target & Memory.MASK;
        int blocks = count / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = from + (long) (b & Memory.INDEX) * Q8_BYTES;
            float scale = HALVES[ALL.get(Layouts.I16, block) & 0xffff];
            for (int i = 0; i < BLOCK; i += Lanes.COUNT) {
                FloatVector q = signedBytes(block + SCALE_BYTES, i);
                q.mul(scale)
                        .intoMemorySegment(
                                ALL,
                                to
                                        + (long) (b & Memory.INDEX) * BLOCK * Float.BYTES
                                        + (long) (i & Memory.INDEX) * Float.BYTES,
                                Layouts.ORDER);
            }
        }
    }

    private static void expandQ4(long address, int count, long target) {
        long from = address & Memory.MASK;
        long to = target & Memory.MASK;
        int blocks = count / BLOCK;
        for (int b = 0; b < blocks; b++) {
            long block = from + (long) (b & Memory.INDEX) * Q4_BYTES;
            FloatVector scale = FloatVector.broadcast(Lanes.FLOATS, HALVES[ALL.get(Layouts.I16, block) & 0xffff]);
            FloatVector zero = scale.mul(-8f);
            for (int i = 0; i < BLOCK / 2; i += Lanes.COUNT) {
                IntVector pairs = bytes(block + SCALE_BYTES, i);
                FloatVector low = (FloatVector) pairs.and(0xf).castShape(Lanes.FLOATS, 0);
                FloatVector high =
                        (FloatVector) pairs.lanewise(VectorOperators.LSHR, 4).castShape(Lanes.FLOATS, 0);
                low.fma(scale, zero)
                        .intoMemorySegment(
                                ALL,
                                to
                                        + (long) (b & Memory.INDEX) * BLOCK * Float.BYTES
                                        + (long) (i & Memory.INDEX) * Float.BYTES,
                                Layouts.ORDER);
                high.fma(scale, zero)
                        .intoMemorySegment(
                                ALL,
                                to
                                        + (long) (b & Memory.INDEX) * BLOCK * Float.BYTES
                                        + (BLOCK / 2 + (i & Memory.INDEX)) * (long) Float.BYTES,
                                Layouts.ORDER);
            }
        }
    }
}
