package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The last step of every sum. */
final class Residual {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

    private Residual() {}

    /**
     * Adds values to a run of the residual.
     *
     * @param values values to add, from the first on
     * @param count number of elements
     * @param residual f32, read and written
     * @param offset offset of the run, in bytes
     */
    static void add(float[] values, int count, MemorySegment residual, long offset) {
        int i = 0;
        for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
            long at = offset + (long) i * Float.BYTES;
            FloatVector.fromArray(FLOATS, values, i)
                    .add(FloatVector.fromMemorySegment(FLOATS, residual, at, ByteOrder.LITTLE_ENDIAN))
                    .intoMemorySegment(residual, at, ByteOrder.LITTLE_ENDIAN);
        }
        for (; i < count; i++) {
            long at = offset + (long) i * Float.BYTES;
            residual.set(Layouts.F32, at, values[i] + residual.get(Layouts.F32, at));
        }
    }
}
