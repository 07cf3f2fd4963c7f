package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.FloatStorage;
import dev.waterspout.kernels.vector.Halves;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * IEEE 754 binary16.
 */
final class Float16 extends TensorType {
    static final int ID = 1;
    private static final MemorySegment ALL = Memory.ALL;

    Float16() {
        super(ID, 1, 2);
    }

    @Override
    FloatStorage floats() {
        return FloatStorage.F16;
    }

    @Override
    float weight(MemorySegment data, long block, int index) {
        return Stored.half(data, block);
    }

    @Override
    void unpack(long address, int count, long target, QuantBlock scratch) {
        expand(address, count, target);
    }

    /**
     * Expands consecutive halves. The bits of a half, moved to where a float has them, are that half divided by 2^112,
     * subnormal or not; a half's largest exponent becomes a float's.
     *
     * @param address address of the first half
     * @param count number of halves
     * @param target address of the first float
     */
    static void expand(long address, int count, long target) {
        long from = address & Memory.MASK;
        long to = target & Memory.MASK;
        int whole = Lanes.whole(count);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            IntVector h = ((IntVector) ShortVector.fromMemorySegment(
                                    Lanes.SHORTS, ALL, from + (long) (i & Memory.INDEX) * Short.BYTES, Layouts.ORDER)
                            .castShape(Lanes.INTS, 0))
                    .lanewise(VectorOperators.LSHL, 13)
                    .and(Halves.BITS);
            VectorMask<Integer> special = h.and(Halves.EXPONENT).compare(VectorOperators.EQ, Halves.EXPONENT);
            h.reinterpretAsFloats()
                    .mul(Halves.UNIT)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.OR, Halves.FLOAT_EXPONENT, special)
                    .reinterpretAsFloats()
                    .intoMemorySegment(ALL, to + (long) (i & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
        }
        for (int i = whole; i < count; i++) {
            float value = Float.float16ToFloat(ALL.get(Layouts.I16, from + (long) (i & Memory.INDEX) * Short.BYTES));
            ALL.set(Layouts.F32, to + (long) (i & Memory.INDEX) * Float.BYTES, value);
        }
    }

    @Override
    void unpackCold(byte[] stored, float[] target) {
        for (int i = 0; i < target.length; i++) {
            target[i] = Stored.half(stored, 2 * i);
        }
    }

    @Override
    PanelLayout panels() {
        return PanelLayout.floats(PanelLayout.HALVES);
    }
}
