package dev.waterspout.kernels.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Loads of a byte per lane. */
public final class ByteLanes {
    private static final MemorySegment ALL = Memory.ALL;

    /**
     * There is no vector of four bytes, and converting half of a vector takes several times as long as shifting the
     * bytes of an integer apart.
     */
    private static final boolean FOUR_LANES = Lanes.COUNT == Integer.BYTES;

    /** How far each byte of an integer, from the lowest on, is from its bottom. */
    private static final IntVector TO_BOTTOM =
            IntVector.zero(Lanes.INTS).addIndex(Byte.SIZE).and(Integer.SIZE - 1);

    /** And from its top. */
    private static final IntVector TO_TOP =
            IntVector.broadcast(Lanes.INTS, Integer.SIZE - Byte.SIZE).sub(TO_BOTTOM);

    private ByteLanes() {}

    /** {@return unsigned bytes, one per lane, from the i-th after an address on} */
    public static IntVector unsigned(long address, int i) {
        long from = address + (i & Memory.INDEX);
        if (FOUR_LANES) {
            return IntVector.broadcast(Lanes.INTS, ALL.get(Layouts.I32, from))
                    .lanewise(VectorOperators.LSHR, TO_BOTTOM)
                    .and(0xff);
        }
        return (IntVector) ByteVector.fromMemorySegment(Lanes.BYTE_LANES, ALL, from, Layouts.ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_B2I, Lanes.INTS, 0);
    }

    /** {@return the same with sign, as floats} */
    public static FloatVector signed(long address, int i) {
        long from = address + (i & Memory.INDEX);
        if (FOUR_LANES) {
            return (FloatVector) IntVector.broadcast(Lanes.INTS, ALL.get(Layouts.I32, from))
                    .lanewise(VectorOperators.LSHL, TO_TOP)
                    .lanewise(VectorOperators.ASHR, Integer.SIZE - Byte.SIZE)
                    .castShape(Lanes.FLOATS, 0);
        }
        return (FloatVector) ByteVector.fromMemorySegment(Lanes.BYTE_LANES, ALL, from, Layouts.ORDER)
                .castShape(Lanes.FLOATS, 0);
    }
}
