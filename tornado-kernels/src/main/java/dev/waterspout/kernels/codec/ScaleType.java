package dev.waterspout.kernels.codec;

import java.util.Locale;

/**
 * The scale of an MX block: a power of two of some range, or an IEEE half.
 *
 * <p>A power-of-two scale {@code 2^x} has the code {@code x + bias} for x in {@code -bias..bias}; the one code left,
 * all ones, is NaN. E8M0 is OCP's scale; E5M0 and E4M0 are the same with fewer bits.
 */
public enum ScaleType {
    /** {@code 2^-127..2^127}, OCP's scale. */
    E8M0(8, 127),
    /** {@code 2^-15..2^15}. */
    E5M0(5, 15),
    /** {@code 2^-7..2^7}. */
    E4M0(4, 7),
    /** An IEEE 754 half, not a power of two, as in GGML's Q8_0; for comparison. */
    F16(16, 15);

    private static final int HALF_NAN = 0x7e00;

    private final int bits;
    private final int bias;

    ScaleType(int bits, int bias) {
        this.bits = bits;
        this.bias = bias;
    }

    /** {@return the bits of one code} */
    public int bits() {
        return bits;
    }

    /** {@return the bias of the exponent; for a power of two also the largest exponent} */
    public int bias() {
        return bias;
    }

    /** {@return true for the types whose scales are powers of two} */
    public boolean powerOfTwo() {
        return this != F16;
    }

    /** {@return the code that marks a block with NaN or infinity} */
    public int nanCode() {
        return powerOfTwo() ? (1 << bits) - 1 : HALF_NAN;
    }

    /**
     * Decodes a scale.
     *
     * @param code a code of {@link #bits()} bits
     * @return the scale, exact in f32 ({@code 2^-127} is subnormal), or the canonical NaN for a code that is not finite
     */
    public float value(int code) {
        if (code < 0 || code >= 1 << bits) {
            throw new IllegalArgumentException(
                    "scale code " + code + " of " + label() + " is not within 0.." + ((1 << bits) - 1));
        }
        if (!powerOfTwo()) {
            float half = Float.float16ToFloat((short) code);
            return Float.isFinite(half) ? half : Float.NaN;
        }
        if (code == nanCode()) {
            return Float.NaN;
        }
        int field = code - bias + 127;
        return Float.intBitsToFloat(Math.max(field << 23, 1 << 22));
    }

    /** {@return the name in a format's text, such as {@code e8m0}} */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
