package dev.waterspout.kernels.codec;

import java.util.Locale;

/**
 * Integers with one F16 scale per row or per column of a message: a baseline to compare blocks with.
 *
 * <p>The arithmetic is that of {@link ElementType#INT4} or {@link ElementType#INT8} under {@link ScaleType#F16} with
 * {@link ScaleRule#FLOOR} and {@link Rounding#EVEN}, the whole row or column being the block. So a scale is the largest
 * magnitude / maxNormal, rounded to the nearest half and saturated at 65504, and a row or column with NaN or infinity
 * decodes to NaN.
 *
 * @param bits bits of one element, 4 or 8
 * @param axis the elements that share a scale
 */
public record IntegerFormat(int bits, Axis axis) implements WireFormat {

    /** The elements that share a scale. */
    public enum Axis {
        /** A row. */
        TOKEN,
        /** A column over all rows of a message, which therefore cannot be encoded or decoded in parts. */
        CHANNEL;

        private String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Checks the bits. */
    public IntegerFormat {
        if (bits != 4 && bits != 8) {
            throw new IllegalArgumentException("bits " + bits + " of an integer format are not 4 or 8");
        }
    }

    /** {@return the element type} */
    public ElementType element() {
        return bits == 4 ? ElementType.INT4 : ElementType.INT8;
    }

    BlockQuantizer quantizer() {
        return new BlockQuantizer(element(), ScaleType.F16, ScaleRule.FLOOR, Rounding.EVEN);
    }

    @Override
    public boolean rowsIndependent() {
        return axis == Axis.TOKEN;
    }

    @Override
    public String label() {
        return element().label() + ":" + axis.label();
    }

    @Override
    public long rowBytes(int columns) {
        return encodedBytes(1, columns);
    }

    @Override
    public long encodedBytes(int rows, int columns) {
        return BaselineLayout.integerBytes(this, rows, columns);
    }

    @Override
    public String toString() {
        return label();
    }
}
