package dev.waterspout.kernels.codec;

/**
 * The arithmetic of one format, element by element, in integers: what every implementation must agree with bit for bit.
 *
 * <p>Source: OCP Microscaling Formats (MX) v1.0, section 6.3. Exponents are read from the bits of the f32, so that
 * values just below a power of two are right, and rounding is a rounding shift of the significand, the same for normal
 * and subnormal codes.
 */
final class BlockQuantizer {
    private static final int INFINITY_BITS = 0x7f800000;
    private static final int MAGNITUDE_MASK = 0x7fffffff;
    private static final int SIGNIFICAND_BITS = 24;
    private static final float MAX_HALF = 65504f;

    private final ElementType element;
    private final ScaleType scale;
    private final boolean even;

    BlockQuantizer(MxFormat format) {
        this.element = format.element();
        this.scale = format.scale();
        this.even = format.rounding() == Rounding.EVEN;
    }

    /**
     * {@return the scale code of a block, by the rule FLOOR}
     *
     * @param magnitudeBits the largest of the block's f32 bits without their signs: integers order as the magnitudes
     *     do, with infinity and NaN on top
     */
    int scaleCode(int magnitudeBits) {
        if (magnitudeBits >= INFINITY_BITS) {
            return scale.nanCode();
        }
        if (!scale.powerOfTwo()) {
            float wanted = Float.intBitsToFloat(magnitudeBits) / element.maxNormal();
            return Float.floatToFloat16(Math.min(wanted, MAX_HALF)) & 0xffff;
        }
        // A subnormal f32 has the field 0 and so counts as 2^-127, which is no larger than any E8M0 scale.
        int exponent = (magnitudeBits >>> 23) - 127 - element.maxExponent();
        return Math.clamp(exponent, -scale.bias(), scale.bias()) + scale.bias();
    }

    /** {@return true if a block with this scale code holds NaN or infinity} */
    boolean isNan(int scaleCode) {
        return Float.isNaN(scale.value(scaleCode));
    }

    /** {@return the exponent that element exponents are relative to} */
    int sharedExponent(int scaleCode) {
        return scale.powerOfTwo() ? scaleCode - scale.bias() : 0;
    }

    /** {@return the code of a finite value in a block with this scale, saturated, with its sign} */
    int elementCode(float value, int scaleCode) {
        int sign = Float.floatToRawIntBits(value) < 0 ? element.signBit() : 0;
        return sign | Math.min(magnitudeCode(value, scaleCode), element.maxCode());
    }

    /** {@return the magnitude code that rounding alone gives: it may exceed the largest} */
    int magnitudeCode(float value, int scaleCode) {
        float ratio = value;
        if (!scale.powerOfTwo()) {
            float divisor = scale.value(scaleCode);
            if (divisor == 0) {
                return 0;
            }
            ratio = value / divisor;
        }
        int bits = Float.floatToRawIntBits(ratio) & MAGNITUDE_MASK;
        if (bits == 0) {
            return 0;
        }
        int significand = (bits & 0x7fffff) | 0x800000;
        int exponent = (bits >>> 23) - 127;
        if (bits < 0x800000) {
            int missing = Integer.numberOfLeadingZeros(bits) - (Integer.SIZE - SIGNIFICAND_BITS);
            significand = bits << missing;
            exponent = -126 - missing;
        }
        int aboveMin = exponent - sharedExponent(scaleCode) - element.minExponent();
        int dropped = SIGNIFICAND_BITS - 1 - element.mantissaBits() + Math.max(0, -aboveMin);
        return (Math.max(0, aboveMin) << element.mantissaBits()) + round(significand, dropped);
    }

    private int round(int significand, int dropped) {
        // One more than the significand has leaves less than half a step: 0.
        int shift = Math.min(dropped, SIGNIFICAND_BITS + 1);
        int half = 1 << (shift - 1);
        int bias = even ? half - 1 + (significand >>> shift & 1) : half;
        return (significand + bias) >>> shift;
    }

    /** {@return the decoded value: exact, also where it is a subnormal f32; the canonical NaN in a NaN block} */
    float value(int code, int scaleCode) {
        float factor = scale.value(scaleCode);
        return Float.isNaN(factor) ? Float.NaN : element.value(code) * factor;
    }
}
