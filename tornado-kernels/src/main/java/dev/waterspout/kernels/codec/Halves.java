package dev.waterspout.kernels.codec;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * IEEE halves, one by one and in lanes. Rounding is to nearest even, takes magnitudes from 65520 on to infinity, and
 * leaves NaN a quiet NaN with the upper bits of its payload.
 *
 * <p>Without a conversion in the Vector API, normal halves are rounded in integers, where a carry runs into the
 * exponent, and subnormal ones by adding 0.5, whose last place is theirs. Widening puts the bits in place and
 * multiplies by the ratio of the exponents' biases, which is exact for normal and subnormal halves.
 */
final class Halves {
    private static final int MAGNITUDE = 0x7fffffff;
    private static final int INFINITY = 0x7f800000;
    private static final int HALF_INFINITY = 0x7c00;
    private static final int QUIET_NAN = 0x7e00;
    /** {@code 2^-14}, the smallest normal half. */
    private static final int MIN_NORMAL = 0x38800000;

    private static final int BIAS_SHIFT = (127 - 15) << 23;
    private static final int ONE_HALF = 0x3f000000;
    private static final float BIAS_RATIO = 0x1p112f;

    private Halves() {}

    /** {@return the half of an f32's bits} */
    static short narrow(int raw) {
        if ((raw & MAGNITUDE) > INFINITY) {
            return (short) ((raw >>> 16 & 0x8000) | QUIET_NAN | (raw >>> 13 & 0x3ff));
        }
        return Float.floatToFloat16(Float.intBitsToFloat(raw));
    }

    /** {@return the value of a half} */
    static float widen(short half) {
        if ((half & HALF_INFINITY) == HALF_INFINITY) {
            return Float.intBitsToFloat((half & 0x8000) << 16 | INFINITY | (half & 0x3ff) << 13);
        }
        return Float.float16ToFloat(half);
    }

    /** {@return the halves of f32 bits, in the low 16 bits of each lane} */
    static IntVector narrow(IntVector raw) {
        IntVector magnitude = raw.and(MAGNITUDE);
        IntVector odd = magnitude.lanewise(VectorOperators.LSHR, 13).and(1);
        IntVector normal = magnitude
                .sub(BIAS_SHIFT)
                .add(0xfff)
                .add(odd)
                .lanewise(VectorOperators.LSHR, 13)
                .min(HALF_INFINITY);
        IntVector subnormal =
                magnitude.reinterpretAsFloats().add(0.5f).reinterpretAsInts().sub(ONE_HALF);
        IntVector nan = raw.lanewise(VectorOperators.LSHR, 13).and(0x3ff).or(QUIET_NAN);
        return normal.blend(subnormal, magnitude.compare(VectorOperators.LT, MIN_NORMAL))
                .blend(nan, magnitude.compare(VectorOperators.GT, INFINITY))
                .or(raw.lanewise(VectorOperators.LSHR, 16).and(0x8000));
    }

    /** {@return the values of halves in the low 16 bits of each lane; the high bits are ignored} */
    static FloatVector widen(IntVector halves) {
        FloatVector scaled = halves.and(0x7fff)
                .lanewise(VectorOperators.LSHL, 13)
                .reinterpretAsFloats()
                .mul(BIAS_RATIO);
        VectorMask<Integer> notFinite = halves.and(HALF_INFINITY).compare(VectorOperators.EQ, HALF_INFINITY);
        return scaled.reinterpretAsInts()
                .lanewise(VectorOperators.OR, INFINITY, notFinite)
                .or(halves.and(0x8000).lanewise(VectorOperators.LSHL, 16))
                .reinterpretAsFloats();
    }
}
