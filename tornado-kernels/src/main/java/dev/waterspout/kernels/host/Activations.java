package dev.waterspout.kernels.host;

/** How precise the inputs of matrix products are. */
public enum Activations {
    /** Not rounded. */
    F32,

    /**
     * Rounded to 8 bits, with a scale per 32 activations, in products with quantized weights; not rounded in products
     * with float weights. Processors multiply bytes several times as fast as floats.
     */
    INT8
}
