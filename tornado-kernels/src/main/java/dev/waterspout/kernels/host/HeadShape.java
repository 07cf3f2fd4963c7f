package dev.waterspout.kernels.host;

/**
 * The heads of a row of queries or keys.
 *
 * @param heads number of heads, at least 1
 * @param headDim elements per head, at least 1
 */
public record HeadShape(int heads, int headDim) {
    /** Checks the shape. */
    public HeadShape {
        if (heads < 1 || headDim < 1 || (long) heads * headDim > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "heads=" + heads + " headDim=" + headDim + ": both are at least 1, their product fits 31 bits");
        }
    }

    /** Returns the elements of a row: {@code heads * headDim}. */
    public int width() {
        return heads * headDim;
    }
}
