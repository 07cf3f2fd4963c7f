package dev.waterspout.kernels.vector;

/**
 * The exponential function to about 2 units in the last place: its definition, which all kernels follow bit by bit.
 *
 * <p>{@code exp(x) = 2^n * exp(r)} with n the nearest integer to x / ln 2 and r in [-ln 2 / 2, ln 2 / 2], where a
 * polynomial serves: {@code 1 + r + r^2 * q(r)}, q of degree 4 interpolating at Chebyshev nodes (reduction by Cody and
 * Waite).
 */
public final class Exponential {
    /** Below, the result is zero: no subnormal results. */
    public static final float LOWEST = -86.5f;

    /** Above, the result is infinite in any case. */
    public static final float HIGHEST = 89f;

    /** The factor that makes powers of 2 of powers of e. */
    public static final float LOG2_E = 0x1.715476p0f;

    /** The upper bits of ln 2: exact when multiplied with any n. */
    public static final float LN2_HIGH = 0x1.63p-1f;

    /** The low part of ln 2. */
    public static final float LN2_LOW = -0x1.bd0106p-13f;

    /** Adding 1.5 * 2^23 rounds to an integer and leaves it in the lowest bits. */
    public static final float ROUND = 0x1.8p23f;

    /** Bits of 2^-1: the result is built as 2 * 2^(n-1), because 2^128 is no float. */
    public static final int HALF = Float.floatToRawIntBits(0.5f);

    /** Factors of q, from the highest power on. */
    public static final float Q4 = 0x1.6d11fep-10f;

    /** Of the third power. */
    public static final float Q3 = 0x1.120c62p-7f;

    /** Of the square. */
    public static final float Q2 = 0x1.555518p-5f;

    /** Of the first power. */
    public static final float Q1 = 0x1.5554dcp-3f;

    /** Alone. */
    public static final float Q0 = 0x1.p-1f;

    private Exponential() {}

    /**
     * {@return e to the power of a number: 0 below {@value #LOWEST}, infinity on overflow, NaN for NaN}
     *
     * @param exponent the power
     */
    public static float of(float exponent) {
        if (exponent < LOWEST) {
            return 0;
        }
        float x = exponent > HIGHEST ? HIGHEST : exponent;
        float shifted = Math.fma(x, LOG2_E, ROUND);
        float n = shifted - ROUND;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
        float p = Math.fma(r, Q4, Q3);
        p = Math.fma(p, r, Q2);
        p = Math.fma(p, r, Q1);
        p = Math.fma(p, r, Q0);
        p = Math.fma(p, r * r, r) + 1;
        float half = p * Float.intBitsToFloat((Float.floatToRawIntBits(shifted) << 23) + HALF);
        return half + half;
    }
}
