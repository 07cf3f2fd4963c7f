package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.FloatStorage;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

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

    /** {@return weight {@code column} of the row that starts at byte {@code row}; a kernel's part} */
    static float decode(ByteArray bytes, FloatArray tables, int row, int column) {
        int at = row + 4 * column;
        int low = (bytes.get(at) & 0xFF) | ((bytes.get(at + 1) & 0xFF) << 8);
        int third = bytes.get(at + 2) & 0xFF;
        int fourth = bytes.get(at + 3) & 0xFF;
        int exponent = ((fourth & 127) << 1) | (third >> 7);
        int mantissa = low | ((third & 127) << 16);
        float magnitude = (float) mantissa * tables.get(DeviceTables.ONE - 149);
        if (exponent == 255) {
            magnitude = WeightBytes.notFinite(tables, mantissa > 0 ? 1 : 0);
        } else if (exponent > 0) {
            magnitude = (float) (8388608 + mantissa) * tables.get(DeviceTables.ONE - 150 + exponent);
        }
        return fourth > 127 ? -magnitude : magnitude;
    }
}
