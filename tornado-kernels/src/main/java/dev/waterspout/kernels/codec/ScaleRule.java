package dev.waterspout.kernels.codec;

import java.util.Locale;

/**
 * How a block's scale follows from its largest magnitude, amax.
 *
 * <p>A power-of-two scale is {@code 2^(floor(log2 amax) - emax)}, or twice that where the significand of amax, in [1,
 * 2), is large enough. All that the rules differ in is how large: {@link #raisesFrom}. The exponent saturates at the
 * ends of the scale's range and at {@link MxFormat#maxScaleExponent()}.
 *
 * <p>F16 scales are {@code amax / maxNormal}, rounded by the rule and never beyond the largest half, 65504.
 *
 * <p>Source: OCP Microscaling Formats (MX) v1.0, section 6.3, for FLOOR; the scale calculation modes of pytorch/ao's
 * {@code mx_formats}, and NVIDIA's "Recipes for Pre-training LLMs with MXFP8" (arXiv 2506.08027) for RCEIL.
 */
public enum ScaleRule {
    /**
     * OCP's rule: {@code 2^(floor(log2 amax) - emax)}. Values between maxNormal and the next power of two saturate.
     * F16: to the nearest half, ties to even.
     */
    FLOOR(0),

    /**
     * The same after amax is rounded to the element's mantissa bits: to nearest, with ties towards the next power of
     * two. F16: as FLOOR.
     */
    EVEN(1),

    /** {@code 2^(ceil(log2 amax) - emax)}: amax does not saturate unless the scale does. F16: as RCEIL. */
    CEIL(2),

    /**
     * {@code 2^ceil(log2(amax / maxNormal))}: the smallest power of two with which amax does not saturate. F16: the
     * smallest half with which it does not.
     */
    RCEIL(3);

    private static final int ONE = 1 << 23;

    private final int wireCode;

    ScaleRule(int wireCode) {
        this.wireCode = wireCode;
    }

    /**
     * {@return the smallest significand of amax that doubles a power-of-two scale, in units of {@code 2^-23}: from
     * {@code 2^23}, which is 1, to {@code 2^24}, which none reaches}
     *
     * @param element the element type, whose mantissa and largest value count
     */
    public int raisesFrom(ElementType element) {
        return switch (this) {
            case FLOOR -> 2 * ONE;
            case EVEN -> 2 * ONE - (ONE >> (element.mantissaBits() + 1));
            case CEIL -> ONE + 1;
            case RCEIL -> (int) Math.scalb(element.maxNormal(), 23 - element.maxExponent()) + 1;
        };
    }

    /** {@return true for the rules that round F16 scales up, false for those that round to the nearest} */
    public boolean roundsUp() {
        return this == CEIL || this == RCEIL;
    }

    /** {@return the name in a format's text, such as {@code rceil}} */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** {@return the rule's number in a format id} */
    int wireCode() {
        return wireCode;
    }
}
