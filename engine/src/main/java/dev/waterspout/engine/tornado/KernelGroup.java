package dev.waterspout.engine.tornado;

/** Kernels that are tuned together, as the user names them. */
public enum KernelGroup {
    /** Packing and summing of partials. */
    MX,
    /** Products with weights. */
    LINEAR,
    /** Attention. */
    ATTENTION
}
