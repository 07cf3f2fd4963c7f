package dev.waterspout.engine.forward;

import dev.waterspout.engine.plan.Span;
import dev.waterspout.kernels.host.WeightMatrix;
import java.lang.foreign.ValueLayout;

/**
 * Some columns of a matrix: a view if they begin and end at block boundaries, otherwise decoded exactly to f32.
 *
 * @param matrix all columns
 * @param columns range of the columns
 */
record ColumnCut(WeightMatrix matrix, Span columns) implements DerivedMatrix {
    /** Returns whether the range splits a block. */
    boolean splitsBlocks() {
        int block = matrix.format().blockElements();
        return columns.from() % block != 0 || columns.to() % block != 0;
    }

    @Override
    public WeightMatrix weights() {
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

    @Override
    public WeightMatrix shape() {
        return splitsBlocks() ? reserve() : matrix.columnSlice(columns.from(), columns.to());
    }

    private WeightMatrix reserve() {
        return DerivedMatrix.zeros(matrix.rows(), columns.size());
    }
}
