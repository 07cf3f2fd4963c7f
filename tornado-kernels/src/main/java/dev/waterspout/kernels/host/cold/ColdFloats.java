package dev.waterspout.kernels.host.cold;

import dev.waterspout.kernels.host.LaneSums;
import dev.waterspout.kernels.host.Lanes;
import dev.waterspout.kernels.host.Layouts;
import dev.waterspout.kernels.host.VectorExp;
import dev.waterspout.kernels.host.VectorWeights;
import dev.waterspout.kernels.host.WeightMatrix;
import java.lang.foreign.MemorySegment;

/** What {@link ColdKernels} do to arrays of floats. */
final class ColdFloats {
    private ColdFloats() {}

    static float[] get(MemorySegment segment, long offset, int count) {
        float[] values = new float[count];
        MemorySegment.copy(segment, Layouts.F32, offset, values, 0, count);
        return values;
    }

    static void put(float[] values, int from, MemorySegment segment, long offset, int count) {
        MemorySegment.copy(values, from, segment, Layouts.F32, offset, count);
    }

    /** Adds {@link Lanes#COUNT} sums in the order of {@link LaneSums}; they are overwritten. */
    static float sumLanes(float[] lanes, int first) {
        for (int distance = Lanes.COUNT / 2; distance > 0; distance /= 2) {
            for (int lane = first; lane < first + distance; lane++) {
                lanes[lane] += lanes[lane + distance];
            }
        }
        return lanes[first];
    }

    /** {@link VectorExp} of one number. */
    static float exp(float exponent) {
        if (exponent < VectorExp.LOWEST) {
            return 0;
        }
        float x = exponent > VectorExp.HIGHEST ? VectorExp.HIGHEST : exponent;
        float shifted = Math.fma(x, VectorExp.LOG2_E, VectorExp.ROUND);
        float n = shifted - VectorExp.ROUND;
        float r = Math.fma(n, -VectorExp.LN2_LOW, Math.fma(n, -VectorExp.LN2_HIGH, x));
        float p = Math.fma(r, VectorExp.Q4, VectorExp.Q3);
        p = Math.fma(p, r, VectorExp.Q2);
        p = Math.fma(p, r, VectorExp.Q1);
        p = Math.fma(p, r, VectorExp.Q0);
        p = Math.fma(p, r * r, r) + 1;
        float half = p * Float.intBitsToFloat((Float.floatToRawIntBits(shifted) << 23) + VectorExp.HALF);
        return half + half;
    }

    /** {@link VectorElementwise#softCap} of one number. */
    static float softCap(float x, float cap) {
        float e = exp(Math.abs(x) * (-2f / cap));
        float result = (1 - e) / (e + 1) * cap;
        return x < 0 ? -result : result;
    }

    /** Expands a row of weights. */
    static void expand(WeightMatrix weights, int row, float[] target) {
        byte[] stored = new byte[(int) weights.format().rowBytes(target.length)];
        MemorySegment.copy(weights.data(), Layouts.I8, weights.offset(row, 0), stored, 0, stored.length);
        switch (weights.format()) {
            case F32 -> expandF32(stored, target);
            case F16 -> expandF16(stored, target);
            case BF16 -> expandBf16(stored, target);
            case Q8_0 -> expandQ8(stored, target);
            case Q4_0 -> expandQ4(stored, target);
        }
    }

    static int littleEndian(byte[] stored, int at) {
        return (stored[at] & 0xff) | stored[at + 1] << 8;
    }

    private static float half(byte[] stored, int at) {
        return Float.float16ToFloat((short) littleEndian(stored, at));
    }

    private static void expandF32(byte[] stored, float[] target) {
        for (int i = 0; i < target.length; i++) {
            int low = littleEndian(stored, 4 * i) & 0xffff;
            target[i] = Float.intBitsToFloat(low | littleEndian(stored, 4 * i + 2) << 16);
        }
    }

    private static void expandF16(byte[] stored, float[] target) {
        for (int i = 0; i < target.length; i++) {
            target[i] = half(stored, 2 * i);
        }
    }

    private static void expandBf16(byte[] stored, float[] target) {
        for (int i = 0; i < target.length; i++) {
            target[i] = Float.intBitsToFloat(littleEndian(stored, 2 * i) << 16);
        }
    }

    private static void expandQ8(byte[] stored, float[] target) {
        int block = 0;
        for (int first = 0; first < target.length; first += VectorWeights.BLOCK) {
            float scale = half(stored, block);
            int values = block + VectorWeights.SCALE_BYTES;
            for (int i = 0; i < VectorWeights.BLOCK; i++) {
                target[first + i] = stored[values + i] * scale;
            }
            block += VectorWeights.Q8_BYTES;
        }
    }

    private static void expandQ4(byte[] stored, float[] target) {
        int block = 0;
        for (int first = 0; first < target.length; first += VectorWeights.BLOCK) {
            float scale = half(stored, block);
            float zero = scale * -8;
            int pairs = block + VectorWeights.SCALE_BYTES;
            for (int i = 0; i < VectorWeights.BLOCK / 2; i++) {
                target[first + i] = Math.fma(stored[pairs + i] & 0xf, scale, zero);
                target[first + VectorWeights.BLOCK / 2 + i] = Math.fma(stored[pairs + i] >> 4 & 0xf, scale, zero);
            }
            block += VectorWeights.Q4_BYTES;
        }
    }
}
