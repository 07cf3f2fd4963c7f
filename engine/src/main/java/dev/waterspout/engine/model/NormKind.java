package dev.waterspout.engine.model;

/** Normalization of a vector, before its weight is applied. */
public enum NormKind {
    /** RMSNorm: the vector divided by its root mean square (arXiv 1910.07467). */
    RMS("attention.layer_norm_rms_epsilon"),
    /** LayerNorm: the vector minus its mean, divided by its standard deviation (arXiv 1607.06450). */
    LAYER("attention.layer_norm_epsilon");

    private final String epsilonKey;

    NormKind(String epsilonKey) {
        this.epsilonKey = epsilonKey;
    }

    /** Returns the metadata key of the epsilon, without the architecture's prefix. */
    String epsilonKey() {
        return epsilonKey;
    }
}
