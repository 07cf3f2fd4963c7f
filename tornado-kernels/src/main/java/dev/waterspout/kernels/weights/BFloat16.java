package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.FloatStorage;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The upper half of a binary32.
 */
final class BFloat16 extends TensorType {
    static final int ID = 30;
    private static final MemorySegment ALL = Memory.ALL;

    BFloat16() {
        super(ID, 1, 2);
    }

    @Override
    FloatStorage floats() {
        return FloatStorage.BF16;
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        return Float.intBitsToFloat(Stored.two(data, block) << 16);
    }

    @Override
    void unpack(long address, int count, long target, QuantBlock scratch) {
        expand(address, count, target);
    }

    private static void expand(long address, int count, long target) {
        long from = address & Memory.MASK;
        long to = target & Memory.MASK;
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            IntVector bits = (IntVector) ShortVector.fromMemorySegment(
                            Lanes.SHORTS, ALL, from + (long) (i & Memory.INDEX) * Short.BYTES, Layouts.ORDER)
                    .castShape(Lanes.INTS, 0);
            bits.lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .intoMemorySegment(ALL, to + (long) (i & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
        }
        for (int i = whole; i < count; i++) {
            float value =
                    Float.intBitsToFloat(ALL.get(Layouts.I16, from + (long) (i & Memory.INDEX) * Short.BYTES) << 16);
            ALL.set(Layouts.F32, to + (long) (i & Memory.INDEX) * Float.BYTES, value);
        }
    }

    @Override
    void unpackCold(byte[] stored, float[] target) {
        for (int i = 0; i < target.length; i++) {
            target[i] = Float.intBitsToFloat(Stored.two(stored, 2 * i) << 16);
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.floats(PanelLayout.BFLOATS);
    }
}
