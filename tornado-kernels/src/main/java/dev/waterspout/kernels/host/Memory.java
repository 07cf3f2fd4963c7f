package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;

/**
 * Loads of weights by address, for inner loops.
 *
 * <p>An access to a segment checks that it is alive, that this thread may use it, and that the bytes are within it, each
 * time, and that took a third of the time of a matrix product. Here the segment is a constant that always lives and has
 * no end. What makes this safe: {@link WeightMatrix} has checked that all its rows lie inside its data, the kernels
 * check rows against the matrix, {@link #check} that the data is alive, and whoever owns the data ends it after the
 * last call.
 */
final class Memory {
    private static final MemorySegment ALL = all();

    private Memory() {}

    @SuppressWarnings("restricted") // see above
    private static MemorySegment all() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /** Fails if the weights lie on the heap, and as an access does if their memory has been freed or is another thread's. */
    static void check(WeightMatrix weights) {
        if (!weights.data().isNative()) {
            throw new IllegalArgumentException("weights lie on the heap; the kernels read them off-heap");
        }
        weights.data().get(Layouts.I8, 0);
    }

    /** The address of the first weight of a row. */
    static long address(WeightMatrix weights, int row) {
        return weights.data().address() + row * weights.rowStride();
    }

    static float f32(long address) {
        return ALL.get(Layouts.F32, address);
    }

    static short i16(long address) {
        return ALL.get(Layouts.I16, address);
    }

    static FloatVector floats(long address) {
        return FloatVector.fromMemorySegment(Lanes.FLOATS, ALL, address, Layouts.ORDER);
    }

    static ShortVector shorts(long address) {
        return ShortVector.fromMemorySegment(Lanes.SHORTS, ALL, address, Layouts.ORDER);
    }

    static ByteVector bytes(long address) {
        return ByteVector.fromMemorySegment(Lanes.BYTE_LANES, ALL, address, Layouts.ORDER);
    }
}
