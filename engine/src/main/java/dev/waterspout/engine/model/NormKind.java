package dev.waterspout.engine.model;

/** How a vector is normalized before its weight is applied. */
public enum NormKind {
    /** Divided by the root of its mean square (arXiv 1910.07467). */
    RMS("attention.layer_norm_rms_epsilon"),
    /** Its mean taken off, then divided by its standard deviation (arXiv 1607.06450). */
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
