package dev.waterspout.kernels.codec;

/** How a block's scale follows from its largest magnitude. */
public enum ScaleRule {
    /**
     * OCP's rule: {@code 2^(floor(log2(largest magnitude)) - emax)}, clamped to the scale's range. Values between
     * maxNormal and the next power of two saturate. For F16 scales: largest magnitude / maxNormal, rounded to the
     * nearest half.
     */
    FLOOR(0);

    private final int wireCode;

    ScaleRule(int wireCode) {
        this.wireCode = wireCode;
    }

    /** {@return the rule's number in a format id} */
    int wireCode() {
        return wireCode;
    }
}
