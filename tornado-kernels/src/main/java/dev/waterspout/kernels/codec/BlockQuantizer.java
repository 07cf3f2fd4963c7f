package dev.waterspout.kernels.codec;

/**
 * The integer arithmetic of one format, for a single element. All other implementations give the same bits.
 *
 * <p>Source: OCP Microscaling Formats (MX) v1.0, section 6.3. Exponents are read from the bits of the f32, so that
 * values just below a power of two are right, and rounding is a rounding shift of the significand, the same for normal
 * and subnormal codes.
 */
final class BlockQuantizer {
    private static final int INFINITY_BITS = 0x7f800000;
    private static final int MIN_NORMAL_BITS = 0x800000;
    private static final int MAGNITUDE_MASK = 0x7fffffff;
    private static final int SIGNIFICAND_BITS = 24;
    private static final float MAX_HALF = 65504f;
    private static final int MAX_HALF_CODE = 0x7bff;

    private final ElementType element;
    private final ScaleType scale;
    private final boolean even;
    private final boolean halvesUp;
    private final int maxScaleExponent;
    private final int carry;

    BlockQuantizer(MxFormat format) {
        this(format.element(), format.scale(), format.rule(), format.rounding());
    }

    BlockQuantizer(ElementType element, ScaleType scale, ScaleRule rule, Rounding rounding) {
        this.element = element;
        this.scale = scale;
        this.even = rounding == Rounding.EVEN;
        this.halvesUp = rule.roundsUp();
        this.maxScaleExponent = MxFormat.maxScaleExponent(element, scale);
        this.carry = (1 << SIGNIFICAND_BITS) - rule.raisesFrom(element);
    }

    /**
     * {@return the scale code of a block}
     *
     * @param magnitudeBits the largest of the block's f32 bits without their signs: integers order as the magnitudes
     *     do, with infinity and NaN on top
     */
    int scaleCode(int magnitudeBits) {
        if (magnitudeBits >= INFINITY_BITS) {
            return scale.nanCode();
        }
        if (!scale.powerOfTwo()) {
            return halfScale(Float.intBitsToFloat(magnitudeBits));
        }
        int exponent = (magnitudeBits + carry) >>> 23;
        if (magnitudeBits < MIN_NORMAL_BITS) {
            // As a double, a subnormal f32 is normal. Zero gets an exponent far below any scale's.
            long bits = Double.doubleToRawLongBits(Float.intBitsToFloat(magnitudeBits)) + ((long) carry << (52 - 23));
            exponent = (int) (bits >> 52) - 1023 + 127;
        }
        return Math.clamp(exponent - 127 - element.maxExponent(), -scale.bias(), maxScaleExponent) + scale.bias();
    }

    private int halfScale(float largest) {
        int code = Float.floatToFloat16(Math.min(largest / element.maxNormal(), MAX_HALF)) & 0xffff;
        // The product is exact: 11 bits of significand times at most 7. The nearest half is the wanted one or the one
        // below.
        boolean below = Float.float16ToFloat((short) code) * element.maxNormal() < largest;
        return halvesUp && below && code < MAX_HALF_CODE ? code + 1 : code;
    }

    /** {@return the number to add to the bits of a normal amax so that its exponent field follows the scale rule} */
    int carry() {
        return carry;
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

    /** {@return the magnitude code after rounding, before saturation: it may exceed the largest} */
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
        // A shift beyond the width of the significand leaves less than half a step, which rounds to 0.
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
