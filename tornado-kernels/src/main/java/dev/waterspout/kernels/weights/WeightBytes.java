package dev.waterspout.kernels.weights;

import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Numbers out of the raw bytes of a tensor, for kernels. */
public final class WeightBytes {
    /** Numbers of formats as compile-time constants of kernels. */
    public static final int F32 = Float32.ID;

    public static final int F16 = Float16.ID;

    public static final int Q8_0 = Q80.ID;

    private WeightBytes() {}

    /** {@return the IEEE half at a byte offset} */
    public static float halfAt(ByteArray bytes, FloatArray powers, int offset) {
        int low = bytes.get(offset) & 0xFF;
        int high = bytes.get(offset + 1) & 0xFF;
        return halfValue(powers, (high << 8) | low);
    }

    /** {@return the value of the 16 bits of an IEEE half} */
    public static float halfValue(FloatArray powers, int bits) {
        int field = (bits >> 10) & 31;
        int mantissa = bits & 1023;
        float magnitude = (float) (1024 + mantissa) * powers.get(DeviceTables.ONE - 25 + field);
        if (field == 0) {
            magnitude = (float) mantissa * powers.get(DeviceTables.ONE - 24);
        }
        if (field == 31) {
            magnitude = notFinite(powers, mantissa);
        }
        return bits > 0x7FFF ? -magnitude : magnitude;
    }

    /** {@return the bfloat16 at a byte offset} */
    public static float bf16At(ByteArray bytes, FloatArray powers, int offset) {
        int low = bytes.get(offset) & 0xFF;
        int high = bytes.get(offset + 1) & 0xFF;
        int field = ((high & 127) << 1) | (low >> 7);
        int mantissa = low & 127;
        float magnitude = (float) mantissa * powers.get(DeviceTables.ONE - 133);
        if (field == 255) {
            magnitude = notFinite(powers, mantissa);
        } else if (field > 0) {
            magnitude = (float) (128 + mantissa) * powers.get(DeviceTables.ONE - 134 + field);
        }
        return high > 127 ? -magnitude : magnitude;
    }

    static float notFinite(FloatArray powers, int mantissa) {
        // Infinity for a mantissa of 0, NaN behind it for 1 to 1023. TornadoVM compiles a choice by (mantissa == 0)
        // only with
        // its own assertions off, and a minimum of a masked int not at all.
        return powers.get(DeviceTables.INFINITY + ((mantissa + 1023) >> 10));
    }
}
