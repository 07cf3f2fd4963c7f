package dev.waterspout.kernels.codec;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The vector species of the MX codec, and the broadcast of per-block values to lanes. */
final class MxLanes {
    static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
    /** A byte per lane of {@link #INTS}, or more where that is less than the smallest vector. */
    static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, INTS.vectorBitSize() / 4)));

    static final int COUNT = INTS.length();

    /** The upper half of a vector, which has the second block if the vector holds two blocks; it never holds more. */
    private static final VectorMask<Integer> UPPER = VectorMask.fromLong(INTS, -1L << (COUNT / 2));

    private static final VectorMask<Float> UPPER_FLOATS = UPPER.cast(FLOATS);

    private MxLanes() {}

    /**
     * {@return whether lanes read and write packed codes} With vectors of two longs the Vector API has no single
     * instruction for the conversion of eight bytes, and converts element by element.
     */
    static boolean takePacked(int bits) {
        return bits == Byte.SIZE || (bits == 4 && COUNT > 4);
    }

    /** {@return the per-block values of lanes {@code i} on, broadcast to the lanes of each block} */
    static IntVector spread(int[] perBlock, int blockShift, int i) {
        int index = i >>> blockShift;
        IntVector lanes = IntVector.broadcast(INTS, perBlock[index]);
        return 1 << blockShift >= COUNT ? lanes : lanes.blend(perBlock[index + 1], UPPER);
    }

    /** {@return the per-block values of lanes {@code i} on, broadcast to the lanes of each block} */
    static FloatVector spread(float[] perBlock, int blockShift, int i) {
        int index = i >>> blockShift;
        FloatVector lanes = FloatVector.broadcast(FLOATS, perBlock[index]);
        return 1 << blockShift >= COUNT ? lanes : lanes.blend(perBlock[index + 1], UPPER_FLOATS);
    }

    /** {@return the smallest multiple of the lane count that is not less} */
    static int roundUp(int count) {
        return Math.ceilDiv(count, COUNT) * COUNT;
    }
}
