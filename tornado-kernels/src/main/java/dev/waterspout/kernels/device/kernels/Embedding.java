package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The embedding of tokens, with which the residual stream of a pass begins. */
public final class Embedding {
    /** The number of the table's type where a task has no table. */
    public static final int NO_TABLE = -1;

    private Embedding() {}

    /**
     * In layer 0, sets every {@code items}th element of a row of the residual stream to the embedding of the row's
     * token.
     *
     * @param shape see {@link ResidualShape}
     * @param factors see {@link ResidualShape}
     * @param rows has the tokens
     * @param floats a table of f32, else any array
     * @param words a table in {@link Panels}, else any array
     * @param x [rows][width]
     * @param type {@link WeightBytes#F32}, the number of the layout of the table's panels, or {@link #NO_TABLE}
     */
    static void lookUp(
            IntArray step,
            IntArray shape,
            FloatArray factors,
            IntArray rows,
            FloatArray floats,
            IntArray words,
            FloatArray x,
            int row,
            int item,
            int items,
            int type) {
        if (type != NO_TABLE) {
            int width = shape.get(ResidualShape.WIDTH);
            int first = shape.get(ResidualShape.TABLE_FIRST);
            int end = step.get(Step.LAYER) == 0 ? width : 0;
            int token = rows.get(shape.get(ResidualShape.ROWS_FROM) + row);
            float scale = factors.get(ResidualShape.EMBEDDING_SCALE);
            for (int i = item; i < end; i += items) {
                float element = type == WeightBytes.F32
                        ? floats.get(first + token * width + i)
                        : Panels.weight(words, first, token, width, i, type);
                x.set(row * width + i, element * scale);
            }
        }
    }
}
