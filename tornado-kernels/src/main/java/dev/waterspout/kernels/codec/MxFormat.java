package dev.waterspout.kernels.codec;

/**
 * A block-quantized format (OCP Microscaling): every {@code block} consecutive elements of a row share one scale. The
 * last block of a row may be short.
 *
 * @param element the element type
 * @param block elements that share a scale: 8, 16, 32, 64 or 128
 * @param scale the scale type
 * @param rule rule that computes a block's scale
 * @param rounding rounding of ties
 */
public record MxFormat(ElementType element, int block, ScaleType scale, ScaleRule rule, Rounding rounding)
        implements WireFormat {

    static final int MIN_BLOCK = 8;
    static final int MAX_BLOCK = 128;

    /** Checks the block size. */
    public MxFormat {
        if (block < MIN_BLOCK || block > MAX_BLOCK || Integer.bitCount(block) != 1) {
            throw new IllegalArgumentException("block " + block + " is not one of 8, 16, 32, 64, 128");
        }
    }

    /**
     * {@return the format with OCP's rule and ties to even}
     *
     * @param element the element type
     * @param block elements that share a scale: 8, 16, 32, 64 or 128
     * @param scale the scale type
     */
    public static MxFormat of(ElementType element, int block, ScaleType scale) {
        return new MxFormat(element, block, scale, ScaleRule.FLOOR, Rounding.EVEN);
    }

    /**
     * {@return this format with another rounding}
     *
     * @param other the rounding of ties
     */
    public MxFormat withRounding(Rounding other) {
        return new MxFormat(element, block, scale, rule, other);
    }

    /**
     * {@return this format with another rule}
     *
     * @param other the scale rule
     */
    public MxFormat withRule(ScaleRule other) {
        return new MxFormat(element, block, scale, other, rounding);
    }

    /**
     * {@return the exponent of the largest power-of-two scale that an encoder writes: that of the scale type, or the
     * one above which maxNormal times the scale would be no f32}
     */
    public int maxScaleExponent() {
        return maxScaleExponent(element, scale);
    }

    static int maxScaleExponent(ElementType element, ScaleType scale) {
        return Math.min(scale.bias(), Float.MAX_EXPONENT - element.maxExponent());
    }

    @Override
    public String label() {
        String label = element.label() + ":" + block + ":" + scale.label();
        return rule == ScaleRule.FLOOR ? label : label + ":" + rule.label();
    }

    @Override
    public long rowBytes(int columns) {
        return new MxLayout(this, columns).rowBytes();
    }

    @Override
    public int columnUnit() {
        return MxLayout.columnUnit(block, scale.bits());
    }

    @Override
    public String toString() {
        return label();
    }
}
