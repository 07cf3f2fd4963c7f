package dev.waterspout.kernels.device;

/** The kernels whose work can be cut in more than one way. */
public enum KernelKind {
    /** Products of a weight matrix and the tokens of a chunk. */
    LINEAR,
    /** Attention over the cache. */
    ATTENTION,
    /** Packing a partial into a wire format. */
    QUANTIZE,
    /** The sum of all ranks' packed partials and the residual. */
    DEQUANTIZE_SUM
}
