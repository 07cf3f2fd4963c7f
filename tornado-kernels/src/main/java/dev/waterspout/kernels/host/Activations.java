package dev.waterspout.kernels.host;

/** How precise the inputs of matrix products are. */
public enum Activations {
    /** As they come. */
    F32,

    /**
     * Rounded to 8 bits, with a scale per 32 of them, for weights that are quantized, too; as they come for weights
     * that are floats. A processor multiplies such numbers several times as fast.
     */
    INT8
}
