package dev.waterspout.kernels.host;

/** How precise the inputs of matrix products are. */
public enum Activations {
    /** As they come: an output does not depend on how many tokens are processed together. */
    F32,

    /**
     * Rounded to 8 bits, with a scale per 32 of them, where that is faster: up to three tokens with long rows of Q8_0
     * or Q4_0 weights on a processor with vectors of 512 bits. Everything else is as with {@link #F32}.
     */
    INT8
}
