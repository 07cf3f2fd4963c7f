package dev.waterspout.kernels.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The vector shapes of all kernels: 4, 8 or 16 floats, and as many integers, shorts and bytes. */
public final class Lanes {
    public static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, shape());

    /** Floats in a vector. */
    public static final int COUNT = FLOATS.length();

    /** Bytes of a vector of floats. */
    public static final long BYTES = FLOATS.vectorByteSize();

    public static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());
    public static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(COUNT * Short.SIZE));

    /**
     * A byte per lane. No vector is shorter than 64 bits: where {@link #COUNT} is 4 there is none, and this is not
     * used.
     */
    public static final VectorSpecies<Byte> BYTE_LANES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, COUNT * Byte.SIZE)));

    private Lanes() {}

    /** Fixed-order lane reductions need a small power of two: the preferred shape, but from 128 to 512 bits. */
    private static VectorShape shape() {
        int bits = FloatVector.SPECIES_PREFERRED.vectorBitSize();
        return VectorShape.forBitSize(Math.clamp(Integer.highestOneBit(bits), 128, 512));
    }

    public static FloatVector load(MemorySegment segment, long offset) {
        return FloatVector.fromMemorySegment(FLOATS, segment, offset, Layouts.ORDER);
    }

    public static void store(FloatVector vector, MemorySegment segment, long offset) {
        vector.intoMemorySegment(segment, offset, Layouts.ORDER);
    }

    public static FloatVector load(float[] array, int index) {
        return FloatVector.fromArray(FLOATS, array, index);
    }

    public static void store(FloatVector vector, float[] array, int index) {
        vector.intoArray(array, index);
    }

    /** Loads the lanes of the mask; the others are zero and their memory is not touched. */
    public static FloatVector load(MemorySegment segment, long offset, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(FLOATS, segment, offset, Layouts.ORDER, mask);
    }

    public static void store(FloatVector vector, MemorySegment segment, long offset, VectorMask<Float> mask) {
        vector.intoMemorySegment(segment, offset, Layouts.ORDER, mask);
    }

    /** A mask of the first lanes. */
    public static VectorMask<Float> first(int lanes) {
        return FLOATS.indexInRange(0, lanes);
    }

    public static FloatVector zero() {
        return FloatVector.zero(FLOATS);
    }

    public static FloatVector all(float value) {
        return FloatVector.broadcast(FLOATS, value);
    }

    /** The largest multiple of the lanes that is not above {@code count}. */
    public static int whole(int count) {
        return count & -COUNT;
    }
}
