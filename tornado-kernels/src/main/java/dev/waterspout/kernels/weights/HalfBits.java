package dev.waterspout.kernels.weights;

/**
 * IEEE 754 binary16 by arithmetic, for kernels, which have no bit casts. All steps but the rounding are exact, because
 * they multiply by powers of two.
 */
public final class HalfBits {
    /** Exponent field of infinity and NaN. */
    private static final int SPECIAL = 31;

    /** The smallest magnitude that is rounded to infinity: halfway from 65504 to 65536. */
    private static final float INFINITE = 65520f;

    private static final int INFINITY = 0x7C00;

    private HalfBits() {}

    /**
     * {@return the value of a half; infinity for NaN}
     *
     * @param bits the half, in [0, 65535]
     */
    public static float value(int bits) {
        int field = (bits >> 10) & SPECIAL;
        int mantissa = bits & 1023;
        float magnitude = (float) (1024 + mantissa) * (float) (1 << field) * 0x1p-25f;
        if (field == 0) {
            magnitude = (float) mantissa * 0x1p-24f;
        }
        if (field == SPECIAL) {
            magnitude = (float) (1024 + mantissa) * 3e38f;
        }
        return bits > 0x7FFF ? -magnitude : magnitude;
    }

    /**
     * {@return the half nearest to a value, in [0, 65535]; ties go to the even one}
     *
     * @param value the value; NaN becomes infinity, and the negative zero zero
     */
    public static int of(float value) {
        float magnitude = value < 0f ? -value : value;
        int bits = INFINITY;
        if (magnitude < INFINITE) {
            // In units of the least half. Of a normal half the significand is in [1024, 2048).
            float units = magnitude * 0x1p24f;
            int field = 1;
            for (int shift = 16; shift > 0; shift >>= 1) {
                if (!(units < (float) (1024 << shift))) {
                    units = units / (float) (1 << shift);
                    field += shift;
                }
            }
            int whole = (int) units;
            float rest = units - (float) whole;
            int up = rest > 0.5f ? 1 : 0;
            if (rest == 0.5f) {
                up = whole & 1;
            }
            bits = ((field - 1) << 10) + whole + up;
        }
        return value < 0f ? bits | 0x8000 : bits;
    }
}
