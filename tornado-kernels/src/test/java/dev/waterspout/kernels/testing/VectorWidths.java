package dev.waterspout.kernels.testing;

/** Tags of tests that run once more in JVMs whose vectors have 128 and 256 bits. */
public final class VectorWidths {
    /** Tag of tests that {@code mvn verify} runs at all widths. */
    public static final String SHORT = "vectors";

    /** Tag of tests that {@code mvn verify} runs at the width of the machine, and the profile exhaustive at all. */
    public static final String SHORT_EXHAUSTIVE = "vectors-exhaustive";

    private VectorWidths() {}
}
