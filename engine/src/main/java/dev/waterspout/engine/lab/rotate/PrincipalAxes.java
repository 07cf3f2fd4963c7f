package dev.waterspout.engine.lab.rotate;

import dev.waterspout.engine.lab.capture.PartialListener;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.ojalgo.matrix.decomposition.Eigenvalue;
import org.ojalgo.matrix.store.MatrixStore;
import org.ojalgo.matrix.store.R064Store;

/** The axes along which partials have the most energy: the eigenvectors of their second moments about zero. */
final class PrincipalAxes implements PartialListener {
    private final int width;
    /** The upper triangle of the sum of outer products, {@code [width][width]}. */
    private final double[][] moments;

    private long rows;

    PrincipalAxes(int width) {
        this.width = width;
        this.moments = new double[width][width];
    }

    /** {@return the number of vectors so far} */
    long rows() {
        return rows;
    }

    @Override
    public synchronized void partial(int rank, int exchange, MemorySegment partial, int count) {
        double[] vector = new double[width];
        for (int row = 0; row < count; row++) {
            for (int i = 0; i < width; i++) {
                vector[i] = partial.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * width + i);
            }
            for (int i = 0; i < width; i++) {
                double[] target = moments[i];
                double factor = vector[i];
                for (int j = i; j < width; j++) {
                    target[j] += factor * vector[j];
                }
            }
        }
        rows += count;
    }

    /** {@return the axes, one per row, by descending energy} */
    double[][] axes() {
        R064Store symmetric = R064Store.FACTORY.make(width, width);
        for (int i = 0; i < width; i++) {
            for (int j = i; j < width; j++) {
                symmetric.set(i, j, moments[i][j] / rows);
                symmetric.set(j, i, moments[i][j] / rows);
            }
        }
        Eigenvalue<Double> decomposition = Eigenvalue.R064.make(symmetric, true);
        if (!decomposition.decompose(symmetric)) {
            throw new IllegalStateException("the eigenvectors of " + width + " x " + width + " moments were not found");
        }
        MatrixStore<Double> vectors = decomposition.getV();
        MatrixStore<Double> values = decomposition.getD();
        Integer[] order = new Integer[width];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Double.compare(values.doubleValue(b, b), values.doubleValue(a, a)));
        double[][] axes = new double[width][width];
        for (int i = 0; i < width; i++) {
            for (int j = 0; j < width; j++) {
                axes[i][j] = vectors.doubleValue(j, order[i]);
            }
        }
        return axes;
    }
}
