package dev.waterspout.kernels.codec;

/**
 * Sparsification: of each row only the {@code max(1, floor(columns / keepOneIn))} elements of largest magnitude are
 * sent, as IEEE halves with their columns; the others decode to 0. A baseline for comparison with block formats.
 *
 * <p>Of equal magnitudes the lower column is kept. NaN counts as larger than infinity, and both are kept unchanged. A
 * kept value is rounded as {@link PlainFormat#F16} does, so from 65520 on it becomes infinity.
 *
 * @param keepOneIn number of elements of which one is kept, 1 to 65536
 */
public record TopKFormat(int keepOneIn) implements WireFormat {
    static final int MAX_KEEP_ONE_IN = 1 << 16;

    /** Checks the ratio. */
    public TopKFormat {
        if (keepOneIn < 1 || keepOneIn > MAX_KEEP_ONE_IN) {
            throw new IllegalArgumentException("keep one in " + keepOneIn + " is not within 1.." + MAX_KEEP_ONE_IN);
        }
    }

    @Override
    public String label() {
        return "topk:" + keepOneIn;
    }

    @Override
    public long rowBytes(int columns) {
        Shapes.checkColumns(columns);
        return BaselineLayout.topKRowBytes(this, columns);
    }

    @Override
    public String toString() {
        return label();
    }
}
