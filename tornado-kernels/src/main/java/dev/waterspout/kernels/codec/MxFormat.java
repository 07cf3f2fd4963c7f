package dev.waterspout.kernels.codec;

/**
 * A block-quantized format (OCP Microscaling): every {@code block} consecutive elements of a row share one scale. The
 * last block of a row may be short.
 *
 * @param element the element type
 * @param block elements that share a scale: 8, 16, 32, 64 or 128
 * @param scale the scale type
 * @param rule how the scale follows from the block
 * @param rounding where ties go
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
     * @param other where ties go
     */
    public MxFormat withRounding(Rounding other) {
        return new MxFormat(element, block, scale, rule, other);
    }

    @Override
    public String label() {
        return element.label() + ":" + block + ":" + scale.label();
    }

    @Override
    public long rowBytes(int columns) {
        return new MxLayout(this, columns).rowBytes();
    }

    @Override
    public String toString() {
        return label();
    }
}
