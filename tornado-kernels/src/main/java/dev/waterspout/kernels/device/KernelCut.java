package dev.waterspout.kernels.device;

/** How the work of a kernel is divided among work-items. */
public enum KernelCut {
    /** Each work-item computes its own outputs, without barriers. */
    PLAIN,
    /**
     * Each work-item encodes whole blocks of a wire format: the smallest number of blocks whose scales fill whole
     * bytes.
     */
    BLOCK,
    /** The work-items of a work-group share one output row and add their sums in local memory. */
    GROUP,
    /**
     * The lanes of a warp share the rows of some panels, read neighbouring words of them, and add their sums by
     * shuffles. The warps of a work-group have different columns of the same rows.
     */
    WARP,
    /**
     * A work-group processes a part of the positions for the query heads that share a KV head. A second task adds the
     * parts.
     */
    SPLIT,
    /** A work-group attends with a tile of queries, and reads each key and value once into local memory. */
    QUERIES,
    /** A work-group computes a tile of outputs, and reads its operands once into local memory. */
    TILE,
    /** The warps of a work-group compute a tile of outputs with the matrix instructions of NVIDIA's tensor cores. */
    TENSOR
}
