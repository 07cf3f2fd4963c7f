package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponential function of a vector, to about 2 units in the last place.
 *
 * <p>{@code exp(x) = 2^n * exp(r)} with n the nearest integer to x / ln 2 and r in [-ln 2 / 2, ln 2 / 2], where a
 * polynomial serves: {@code 1 + r + r^2 * q(r)}, q of degree 4 interpolating at Chebyshev nodes (reduction by Cody and
 * Waite). {@code lanewise(EXP)} is no intrinsic on some platforms, and its bits differ between them.
 */
public final class VectorExp {
    /** Below, the result is zero: no subnormal results. */
    public static final float LOWEST = -86.5f;

    /** Above, the result is infinite in any case. */
    public static final float HIGHEST = 89f;

    public static final float LOG2_E = 0x1.715476p0f;

    /** The upper bits of ln 2: exact when multiplied with any n. */
    public static final float LN2_HIGH = 0x1.63p-1f;

    public static final float LN2_LOW = -0x1.bd0106p-13f;

    /** Adding 1.5 * 2^23 rounds to an integer and leaves it in the lowest bits. */
    public static final float ROUND = 0x1.8p23f;

    /** Bits of 2^-1: the result is built as 2 * 2^(n-1), because 2^128 is no float. */
    public static final int HALF = Float.floatToRawIntBits(0.5f);

    /** Factors of q, from the highest power on. */
    public static final float Q4 = 0x1.6d11fep-10f;

    public static final float Q3 = 0x1.120c62p-7f;
    public static final float Q2 = 0x1.555518p-5f;
    public static final float Q1 = 0x1.5554dcp-3f;
    public static final float Q0 = 0x1.p-1f;

    private VectorExp() {}

    /**
     * Returns e to the power of every lane: 0 below {@value #LOWEST}, infinity on overflow, NaN for NaN.
     *
     * @param exponent the powers
     * @return the results
     */
    static FloatVector of(FloatVector exponent) {
        FloatVector x = exponent.blend(HIGHEST, exponent.compare(VectorOperators.GT, HIGHEST));
        FloatVector shifted = x.fma(Lanes.all(LOG2_E), Lanes.all(ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(Lanes.all(-LN2_HIGH), x);
        r = n.fma(Lanes.all(-LN2_LOW), r);
        FloatVector p = r.fma(Lanes.all(Q4), Lanes.all(Q3));
        p = p.fma(r, Lanes.all(Q2));
        p = p.fma(r, Lanes.all(Q1));
        p = p.fma(r, Lanes.all(Q0));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector power =
                shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(HALF);
        FloatVector result = p.mul(power.reinterpretAsFloats());
        return result.add(result).blend(0f, exponent.compare(VectorOperators.LT, LOWEST));
    }
}
