package dev.waterspout.engine.tornado;

/** Groups of kernels that are tuned together; the names are those of the option {@code --kernels}. */
public enum KernelGroup {
    /** Encoding and summing of partials. */
    MX,
    /** Products with weights. */
    LINEAR,
    /** Attention. */
    ATTENTION
}
