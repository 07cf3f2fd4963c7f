package dev.waterspout.kernels.host.cold;

import dev.waterspout.kernels.host.RoundedInputs;
import dev.waterspout.kernels.host.VectorLinear;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;

/** {@link VectorLinear} by loops over arrays: a row at a time is expanded and multiplied with four tokens at a time. */
final class ColdLinear {
    /** Tokens that share the loads of a row and hide each other's latencies. */
    private static final int TOKENS = 4;

    private final WeightMatrix weights;
    private final int columns;
    private final int batch;
    private final float[] inputs;
    private final float[] row;
    private final float[] lanes = new float[TOKENS * Lanes.COUNT];

    /**
     * Prepares a product.
     *
     * @param rounds whether inputs are rounded
     */
    ColdLinear(WeightMatrix weights, MemorySegment x, int batch, boolean rounds) {
        this.weights = weights;
        this.batch = batch;
        columns = weights.columns();
        inputs = ColdFloats.get(x, 0, batch * columns);
        row = new float[columns];
        if (rounds) {
            RoundedInputs.round(inputs);
        }
    }

    void multiply(MemorySegment y, int rowFrom, int rowTo) {
        int rows = rowTo - rowFrom;
        float[] outputs = new float[batch * rows];
        for (int r = 0; r < rows; r++) {
            multiply(rowFrom + r, outputs, r, rows);
        }
        for (int token = 0; token < batch; token++) {
            long offset = Layouts.floats((long) token * weights.rows() + rowFrom);
            ColdFloats.put(outputs, token * rows, y, offset, rows);
        }
    }

    /** Multiplies one row: {@code outputs[output + token * stride]} become its products. */
    private void multiply(int index, float[] outputs, int output, int stride) {
        ColdFloats.expand(weights, index, row);
        for (int token = 0; token < batch; token += TOKENS) {
            multiply(token);
            for (int t = token; t < Math.min(token + TOKENS, batch); t++) {
                outputs[output + t * stride] = total(t, (t - token) * Lanes.COUNT);
            }
        }
    }

    /**
     * Computes the partial sums of four tokens, lane by lane. Missing tokens are replaced by copies of the last one.
     */
    private void multiply(int token) {
        int last = batch - 1;
        int x0 = token * columns;
        int x1 = Math.min(token + 1, last) * columns;
        int x2 = Math.min(token + 2, last) * columns;
        int x3 = Math.min(token + 3, last) * columns;
        int whole = Lanes.whole(columns);
        for (int lane = 0; lane < Lanes.COUNT; lane++) {
            float s0 = 0;
            float s1 = 0;
            float s2 = 0;
            float s3 = 0;
            for (int c = lane; c < whole; c += Lanes.COUNT) {
                float w = row[c];
                s0 = Math.fma(w, inputs[x0 + c], s0);
                s1 = Math.fma(w, inputs[x1 + c], s1);
                s2 = Math.fma(w, inputs[x2 + c], s2);
                s3 = Math.fma(w, inputs[x3 + c], s3);
            }
            lanes[lane] = s0;
            lanes[Lanes.COUNT + lane] = s1;
            lanes[2 * Lanes.COUNT + lane] = s2;
            lanes[3 * Lanes.COUNT + lane] = s3;
        }
    }

    /** Sums a token's lanes and adds the columns that fill no vector. */
    private float total(int token, int first) {
        float total = ColdFloats.sumLanes(lanes, first);
        for (int c = Lanes.whole(columns); c < columns; c++) {
            total = Math.fma(row[c], inputs[token * columns + c], total);
        }
        return total;
    }
}
