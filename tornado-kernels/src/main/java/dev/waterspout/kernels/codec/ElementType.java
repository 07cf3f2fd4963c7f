package dev.waterspout.kernels.codec;

import java.util.Locale;

/**
 * The element of an MX block: a small float or a small fixed-point number, as data.
 *
 * <p>Every code is sign and magnitude, the sign in the top bit. The magnitude is an IEEE-like number with subnormals:
 *
 * <pre>
 *   bits-1   bits-2      mantissaBits   mantissaBits-1          0
 *  +-------+--------------------------+---------------------------+
 *  | sign  |  exponent field f        |  mantissa t               |
 *  +-------+--------------------------+---------------------------+
 *
 *  f = 0:  t x 2^(minExponent - mantissaBits)
 *  f &gt; 0:  (2^mantissaBits + t) x 2^(minExponent + f - 1 - mantissaBits)
 * </pre>
 *
 * <p>An INTn is the same with {@code n - 2} mantissa bits, {@code minExponent} 0 and one exponent bit that continues
 * the mantissa, which makes it {@code magnitude x 2^(2 - n)}. OCP's MXINT8 stores the same values in two's complement;
 * here the sign of a value that rounds to zero is kept, as the float elements do.
 *
 * <p>E5M2 and E4M3 have codes above {@link #maxCode()}, which OCP gives to infinities and NaN. The encoder never writes
 * them, and the decoder reads them by the formula above: a block that is not finite is marked by its scale.
 *
 * <p>Source: OCP Microscaling Formats (MX) v1.0, section 5.3, and for the types it does not name the same formula.
 */
public enum ElementType {
    /** 8-bit float of range. */
    E5M2(5, 2, 15, 57344f),
    /** 8-bit float of precision. */
    E4M3(4, 3, 8, 448f),
    /** 6-bit float of range. */
    E3M2(3, 2, 4, 28f),
    /** 6-bit float of precision. */
    E2M3(2, 3, 2, 7.5f),
    /** 5-bit float of range. */
    E3M1(3, 1, 4, 24f),
    /** 5-bit float of precision. */
    E2M2(2, 2, 2, 7f),
    /** 4-bit float, OCP's FP4. */
    E2M1(2, 1, 2, 6f),
    /** 4-bit float whose codes are evenly spaced. */
    E1M2(1, 2, 1, 3.5f),
    /** 4-bit powers of two. */
    E3M0(3, 0, 4, 16f),
    /** 3-bit powers of two. */
    E2M0(2, 0, 2, 4f),
    /** 3-bit float whose codes are evenly spaced. */
    E1M1(1, 1, 1, 3f),
    /** 8-bit fixed point. */
    INT8(0, 6, 0, 127f / 64),
    /** 6-bit fixed point. */
    INT6(0, 4, 0, 31f / 16),
    /** 5-bit fixed point. */
    INT5(0, 3, 0, 15f / 8),
    /** 4-bit fixed point. */
    INT4(0, 2, 0, 7f / 4),
    /** 3-bit fixed point. */
    INT3(0, 1, 0, 3f / 2);

    private final int exponentBits;
    private final int mantissaBits;
    private final int minExponent;
    private final int maxExponent;
    private final float maxNormal;
    private final int maxCode;

    ElementType(int exponentBits, int mantissaBits, int maxExponent, float maxNormal) {
        this.exponentBits = exponentBits;
        this.mantissaBits = mantissaBits;
        this.minExponent = exponentBits == 0 ? 0 : 2 - (1 << (exponentBits - 1));
        this.maxExponent = maxExponent;
        this.maxNormal = maxNormal;
        this.maxCode =
                ((maxExponent - minExponent) << mantissaBits) + (int) Math.scalb(maxNormal, mantissaBits - maxExponent);
    }

    /** {@return the bits of the exponent field, 0 for fixed point} */
    public int exponentBits() {
        return exponentBits;
    }

    /** {@return the bits of the mantissa, without an implicit one; {@code n - 2} for INTn} */
    public int mantissaBits() {
        return mantissaBits;
    }

    /**
     * {@return the exponent of the smallest normal value; codes below it are {@code 2^(minExponent - mantissaBits)}
     * apart}
     */
    public int minExponent() {
        return minExponent;
    }

    /** {@return the exponent of the largest value, OCP's emax} */
    public int maxExponent() {
        return maxExponent;
    }

    /** {@return the largest finite value, at which elements saturate} */
    public float maxNormal() {
        return maxNormal;
    }

    /** {@return the bits of one code, sign included} */
    public int bits() {
        return 1 + Math.max(exponentBits, 1) + mantissaBits;
    }

    /** {@return the magnitude code (no sign bit) of {@link #maxNormal()}} */
    public int maxCode() {
        return maxCode;
    }

    /** {@return the sign bit of a code} */
    int signBit() {
        return 1 << (bits() - 1);
    }

    /**
     * Decodes one element, before its block's scale.
     *
     * @param code a code of {@link #bits()} bits
     * @return its value, exact in f32
     */
    public float value(int code) {
        if (code < 0 || code >= 1 << bits()) {
            throw new IllegalArgumentException(
                    "code " + code + " of " + label() + " is not within 0.." + ((1 << bits()) - 1));
        }
        int magnitude = code & (signBit() - 1);
        int field = magnitude >>> mantissaBits;
        int significand = field == 0 ? magnitude : magnitude - ((field - 1) << mantissaBits);
        float value = Math.scalb((float) significand, minExponent + Math.max(field - 1, 0) - mantissaBits);
        return (code & signBit()) == 0 ? value : -value;
    }

    /** {@return the name in a format's text, such as {@code e2m1}} */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
