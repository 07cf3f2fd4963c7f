package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.Embedding;
import org.jspecify.annotations.Nullable;

/**
 * The embedding of a pass's tokens.
 *
 * @param table a matrix that serves every layer, [vocabulary][width]
 * @param places has the tokens, each within the vocabulary
 * @param scale factor of each element
 */
public record DeviceEmbedding(DeviceWeights table, RowPlaces places, float scale) {
    void requireRoom(String task, int columns) {
        table.requireProducts(task);
        if (table.matrices() != 1 || table.columns() != columns) {
            throw new IllegalArgumentException("task " + task + ": " + table.matrices() + " embedding tables of "
                    + table.columns() + " columns; there must be 1 of " + columns);
        }
    }

    /** {@return the number of a table's type in kernels} */
    static int type(@Nullable DeviceEmbedding embedding) {
        return embedding == null ? Embedding.NO_TABLE : embedding.table.kernelFormat();
    }
}
