package dev.waterspout.engine.forward;

import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Some columns of a matrix. Where the cut falls between blocks of weights they are a view; where it falls inside a
 * block, they are decoded, exactly, to f32.
 *
 * @param matrix all columns
 * @param columns which of them
 */
record ColumnCut(WeightMatrix matrix, Span columns) {
    /** Returns whether the cut falls inside a block. */
    boolean splitsBlocks() {
        int block = matrix.format().blockElements();
        return columns.from() % block != 0 || columns.to() % block != 0;
    }

    /** Returns the columns. Decoded ones lie in memory that is freed when nothing refers to it. */
    WeightMatrix slice() {
        if (!splitsBlocks()) {
            return matrix.columnSlice(columns.from(), columns.to());
        }
        WeightMatrix decoded = reserve();
        int block = matrix.format().blockElements();
        for (int row = 0; row < matrix.rows(); row++) {
            for (int column = columns.from(); column < columns.to(); column++) {
                int inBlock = column % block;
                float weight = matrix.format().weight(matrix.data(), matrix.offset(row, column - inBlock), inBlock);
                long at = (long) row * columns.size() + column - columns.from();
                decoded.data().setAtIndex(ValueLayout.JAVA_FLOAT, at, weight);
            }
        }
        return decoded;
    }

    /**
     * Returns a matrix of the shape and type that {@link #slice} returns; decoded weights are zeros that occupy no
     * memory.
     */
    WeightMatrix shape() {
        return splitsBlocks() ? reserve() : matrix.columnSlice(columns.from(), columns.to());
    }

    private WeightMatrix reserve() {
        long bytes = (long) matrix.rows() * columns.size() * Float.BYTES;
        MemorySegment data = UntouchedMemory.allocate(bytes, Float.BYTES * 16L, Arena.ofAuto());
        return WeightMatrix.dense(data, WeightFormat.F32, matrix.rows(), columns.size());
    }
}
