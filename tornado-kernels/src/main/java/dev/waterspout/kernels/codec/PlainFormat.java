package dev.waterspout.kernels.codec;

import java.util.Locale;

/** The formats without blocks: elements of a row one after the other, little-endian. */
public enum PlainFormat implements WireFormat {
    /** IEEE single precision: the partial itself. */
    F32(4),
    /** The upper half of an IEEE single, rounded to nearest even. */
    BF16(2),
    /** IEEE half, rounded to nearest even as IEEE does: magnitudes from 65520 on become infinity. */
    F16(2);

    private final int elementBytes;

    PlainFormat(int elementBytes) {
        this.elementBytes = elementBytes;
    }

    @Override
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    @Override
    public long rowBytes(int columns) {
        Shapes.checkColumns(columns);
        return (long) columns * elementBytes;
    }

    @Override
    public String toString() {
        return label();
    }
}
