package dev.waterspout.kernels.host.cold;

import dev.waterspout.kernels.host.LaneSums;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.vector.Exponential;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;

/** The loops over float arrays that {@link ColdKernels} use. */
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

    /** {@link VectorElementwise#softCap} of one number. */
    static float softCap(float x, float cap) {
        float e = Exponential.of(Math.abs(x) * (-2f / cap));
        float result = (1 - e) / (e + 1) * cap;
        return x < 0 ? -result : result;
    }

    /** Expands a row of weights. */
    static void expand(WeightMatrix weights, int row, float[] target) {
        byte[] stored = new byte[(int) weights.format().rowBytes(target.length)];
        MemorySegment.copy(weights.data(), Layouts.I8, weights.offset(row, 0), stored, 0, stored.length);
        weights.format().unpackCold(stored, target);
    }

    static int littleEndian(byte[] stored, int at) {
        return (stored[at] & 0xff) | stored[at + 1] << 8;
    }
}
