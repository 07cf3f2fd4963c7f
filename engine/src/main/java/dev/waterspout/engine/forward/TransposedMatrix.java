package dev.waterspout.engine.forward;

import dev.waterspout.kernels.host.WeightMatrix;
import java.lang.foreign.ValueLayout;

/**
 * A transposed matrix, decoded exactly to f32.
 *
 * @param matrix the matrix in the file
 */
record TransposedMatrix(WeightMatrix matrix) implements DerivedMatrix {
    @Override
    public WeightMatrix weights() {
        WeightMatrix decoded = shape();
        int block = matrix.format().blockElements();
        for (int row = 0; row < matrix.rows(); row++) {
            for (int column = 0; column < matrix.columns(); column++) {
                int inBlock = column % block;
                float weight = matrix.format().weight(matrix.data(), matrix.offset(row, column - inBlock), inBlock);
                decoded.data().setAtIndex(ValueLayout.JAVA_FLOAT, (long) column * matrix.rows() + row, weight);
            }
        }
        return decoded;
    }

    @Override
    public WeightMatrix shape() {
        return DerivedMatrix.zeros(matrix.columns(), matrix.rows());
    }
}
