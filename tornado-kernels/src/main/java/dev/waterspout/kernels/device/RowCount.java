package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.Step;

/** The rows of a chunk that a task processes. */
public enum RowCount {
    /** All tokens of the chunk. */
    CHUNK(Step.ROWS),
    /** The selected rows, whose logits are computed. */
    OUT(Step.OUT_ROWS);

    private final int index;

    RowCount(int index) {
        this.index = index;
    }

    /** {@return the index of the number of rows in {@link Step}} */
    int index() {
        return index;
    }
}
