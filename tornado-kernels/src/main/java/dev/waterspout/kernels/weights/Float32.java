package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.FloatStorage;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;

/**
 * IEEE 754 binary32.
 */
final class Float32 extends TensorType {
    static final int ID = 0;
    private static final MemorySegment ALL = Memory.ALL;

    Float32() {
        super(ID, 1, 4);
    }

    @Override
    FloatStorage floats() {
        return FloatStorage.F32;
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        return Stored.single(data, block);
    }

    @Override
    void unpack(long address, int count, long target, QuantBlock scratch) {
        copy(address, count, target);
    }

    private static void copy(long address, int count, long target) {
        MemorySegment.copy(ALL, address, ALL, target, Layouts.floats(count));
    }

    @Override
    void unpackCold(byte[] stored, float[] target) {
        for (int i = 0; i < target.length; i++) {
            target[i] = Float.intBitsToFloat(Stored.two(stored, 4 * i) | Stored.two(stored, 4 * i + 2) << 16);
        }
    }
}
