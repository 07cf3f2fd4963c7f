package dev.waterspout.engine.model;

/** How tensor parallelism divides a tensor among ranks. */
public enum Cut {
    /** Every rank has the whole tensor. */
    WHOLE,
    /** Only rank 0 has the tensor, because it must be added once to the sum of the partials. */
    FIRST_RANK,
    /** The rank with the first columns of an expert has the expert's rows, because they must be added once. */
    FIRST_OF_EXPERT,
    /** Elements or matrices, one per query head. */
    HEADS,
    /** Rows, by query heads. */
    HEAD_ROWS,
    /** Rows, by KV heads. */
    KV_ROWS,
    /** Columns, by query heads: a row-parallel layer, whose output is a partial. */
    HEAD_COLUMNS,
    /** Rows, by FFN columns. */
    FFN_ROWS,
    /** Columns, by FFN columns: a row-parallel layer, whose output is a partial. */
    FFN_COLUMNS,
    /** Rows, by columns of every expert. */
    EXPERT_ROWS,
    /** Columns, by columns of every expert. */
    EXPERT_COLUMNS,
    /** Rows, by columns of the shared expert. */
    SHARED_ROWS,
    /** Columns, by columns of the shared expert. */
    SHARED_COLUMNS;

    /** Returns whether ranks have columns of a matrix. */
    public boolean isByColumns() {
        return switch (this) {
            case HEAD_COLUMNS, FFN_COLUMNS, EXPERT_COLUMNS, SHARED_COLUMNS -> true;
            default -> false;
        };
    }
}
