package dev.waterspout.kernels.host;

/** The pairs of elements of a head that the rotary embedding rotates together. */
public enum RopePairing {
    /** Elements {@code 2i} and {@code 2i + 1}: the order of Llama weights in GGUF files. */
    ADJACENT,
    /** Elements {@code i} and {@code i + ropeDim / 2}: the order of GPT-NeoX, Qwen and others. */
    HALVES
}
