package uk.ac.manchester.tornado.api.types;

/** Conversions between f32 and bf16, which is the upper half of an f32. */
public final class BFloat16 {
    private static final short QUIET_NAN = 0x7FC0;

    private BFloat16() {}

    /** The number with the given bits. */
    public static float bf16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /**
     * The bits of the nearest bf16. Of two that are equally near, the one with an even significand is returned, as by
     * the CUDA backend.
     */
    public static short bf16FromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.isNaN(value) ? QUIET_NAN : (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }
}
