package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Copies rows of the embedding table. One work-item per element: x is the column, y the row of the chunk. */
public final class EmbeddingKernels {
    private EmbeddingKernels() {}

    /** {@code x[row][column] = table[tokens[row]][column]} for a table of f32. */
    public static void embedFloats(
            KernelContext context, IntArray step, IntArray tokens, FloatArray table, FloatArray x, int width) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width && row < step.get(Step.ROWS)) {
            x.set(row * width + column, table.get(tokens.get(row) * width + column));
        }
    }

    /** The same for a table in {@link Panels}. */
    public static void embedPanels(
            KernelContext context,
            IntArray step,
            IntArray tokens,
            IntArray table,
            FloatArray x,
            int width,
            int first,
            int format) {
        int column = context.globalIdx;
        int row = context.globalIdy;
        if (column < width && row < step.get(Step.ROWS)) {
            x.set(row * width + column, Panels.weight(table, first, tokens.get(row), width, column, format));
        }
    }
}
