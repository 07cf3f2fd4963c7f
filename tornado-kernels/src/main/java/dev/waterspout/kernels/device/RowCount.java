package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.Step;

/** Which rows of a chunk a task works on. */
public enum RowCount {
    /** All tokens of the chunk. */
    CHUNK(Step.ROWS),
    /** Those that logits are wanted for, selected before. */
    OUT(Step.OUT_ROWS);

    private final int index;

    RowCount(int index) {
        this.index = index;
    }

    /** {@return where the number of rows stands in the launch's scalars} */
    int index() {
        return index;
    }
}
