package dev.waterspout.engine.forward;

import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A rank's matrix that is derived from one in the file: a view of it, or weights decoded to f32. */
interface DerivedMatrix {
    /** Returns the matrix. The memory of decoded weights is freed when it is no longer reachable. */
    WeightMatrix weights();

    /** Returns a matrix of the same shape and type; decoded weights are zeros that occupy no memory. */
    WeightMatrix shape();

    /** Returns zeros of f32. */
    static WeightMatrix zeros(int rows, int columns) {
        long bytes = (long) rows * columns * Float.BYTES;
        MemorySegment data = UntouchedMemory.allocate(bytes, Float.BYTES * 16L, Arena.ofAuto());
        return WeightMatrix.dense(data, WeightFormat.F32, rows, columns);
    }
}
