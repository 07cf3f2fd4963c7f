package dev.waterspout.engine.tornado;

/** The groups of kernels that are tuned together. Their names are the values of the option {@code --kernels}. */
public enum KernelGroup {
    /** Encoding and summing of partials. */
    MX,
    /** Products with weight matrices. */
    LINEAR,
    /** Attention. */
    ATTENTION
}
