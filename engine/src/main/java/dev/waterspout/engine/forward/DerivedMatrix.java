package dev.waterspout.engine.forward;

import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A matrix that a rank computes with, made of one in the file: a view of it, or weights that are decoded to f32. */
interface DerivedMatrix {
    /** Returns the matrix. Decoded weights lie in memory that is freed when nothing refers to it. */
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
