package dev.waterspout.kernels.host;

/** How the weights of a matrix are stored. Rows are sequences of blocks; all numbers are little-endian. */
public enum WeightFormat {
    /** IEEE 754 binary32. */
    F32(1, 4),
    /** IEEE 754 binary16. */
    F16(1, 2),
    /** The upper half of a binary32. */
    BF16(1, 2),
    /** 32 weights: a binary16 scale {@code d}, then 32 signed bytes {@code q}; weight {@code q * d}. */
    Q8_0(32, 34),
    /**
     * 32 weights: a binary16 scale {@code d}, then 16 bytes; the low nibble {@code q} of byte {@code j} is weight
     * {@code j}, the high nibble weight {@code j + 16}; weight {@code (q - 8) * d}.
     */
    Q4_0(32, 18);

    private final int blockElements;
    private final int blockBytes;

    WeightFormat(int blockElements, int blockBytes) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /** Returns the number of weights in a block. */
    public int blockElements() {
        return blockElements;
    }

    /** Returns the bytes of a block. */
    public int blockBytes() {
        return blockBytes;
    }

    /**
     * Returns the bytes that consecutive weights of a row take.
     *
     * @param columns number of weights, a multiple of {@link #blockElements()}
     * @return bytes
     */
    public long rowBytes(int columns) {
        if (columns < 0 || columns % blockElements != 0) {
            throw new IllegalArgumentException(
                    "columns=" + columns + ": a row of " + this + " is cut into blocks of " + blockElements);
        }
        return (long) (columns / blockElements) * blockBytes;
    }
}
