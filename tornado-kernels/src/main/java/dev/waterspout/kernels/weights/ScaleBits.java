package dev.waterspout.kernels.weights;

/**
 * Floats with an exponent of up to 8 bits by arithmetic, for kernels, which have no bit casts. All steps are exact,
 * because they multiply by powers of two. No step overflows before the last one, in whatever order a compiler
 * multiplies.
 */
final class ScaleBits {
    /** Exponent field of infinity and NaN of bfloat16. */
    private static final int SPECIAL = 255;

    private ScaleBits() {}

    /** {@return 2 to the lower seven bits of a number} */
    private static float lowerPower(int exponent) {
        float power = (float) (1 << (exponent & 15));
        power = power * ((exponent & 16) > 0 ? 0x1p16f : 1f);
        power = power * ((exponent & 32) > 0 ? 0x1p32f : 1f);
        return power * ((exponent & 64) > 0 ? 0x1p64f : 1f);
    }

    /**
     * {@return {@code 2^(exponent - 128)}}
     *
     * @param exponent 0 to 255
     */
    static float power(int exponent) {
        float half = (exponent & 128) > 0 ? 1f : 0x1p-64f;
        return lowerPower(exponent) * half * half;
    }

    /**
     * {@return half of the value of an E4M3 without sign; 0 for NaN}
     *
     * @param bits 0 to 127
     */
    static float halfOfE4m3(int bits) {
        int field = (bits >> 3) & 15;
        int mantissa = bits & 7;
        float value = (float) (8 + mantissa) * (float) (1 << field) * 0x1p-11f;
        if (field == 0) {
            value = (float) mantissa * 0x1p-10f;
        }
        return bits == 127 ? 0f : value;
    }

    /**
     * {@return the value of a bfloat16; infinity for NaN}
     *
     * @param bits 0 to 65535
     */
    static float bfloat(int bits) {
        int field = (bits >> 7) & SPECIAL;
        int mantissa = bits & 127;
        float rest = (bits & 0x4000) > 0 ? 0x1p1f : 0x1p-63f;
        float other = (bits & 0x4000) > 0 ? 1f : 0x1p-64f;
        float magnitude = (float) (128 + mantissa) * 0x1p-7f * lowerPower(field) * rest * other;
        if (field == 0) {
            magnitude = (float) mantissa * 0x1p-126f * 0x1p-7f;
        }
        if (field == SPECIAL) {
            magnitude = (float) (128 + mantissa) * 3e38f;
        }
        return bits > 0x7FFF ? -magnitude : magnitude;
    }
}
