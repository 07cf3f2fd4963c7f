package dev.waterspout.kernels.device;

/** The kernels that have more than one implementation. */
public enum KernelKind {
    /** Products of a weight matrix and the tokens of a chunk. */
    LINEAR,
    /** Attention over the cache. */
    ATTENTION,
    /** Encoding a partial in a wire format. */
    QUANTIZE,
    /** The sum of all ranks' encoded partials and the residual. */
    DEQUANTIZE_SUM
}
