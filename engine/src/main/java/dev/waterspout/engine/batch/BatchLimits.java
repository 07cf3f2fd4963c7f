package dev.waterspout.engine.batch;

/**
 * How much runs at a time.
 *
 * @param sequences most sequences that run at a time
 * @param rows most tokens of all sequences together in one forward pass, at least {@code sequences}
 * @param context most positions of a sequence
 * @param blockSize positions of a block of the KV cache
 * @param blocks in the KV cache, enough for one sequence of {@code context} positions
 */
public record BatchLimits(int sequences, int rows, int context, int blockSize, int blocks) {
    /** Checks the ranges. */
    public BatchLimits {
        if (sequences < 1) {
            throw new IllegalArgumentException("number of parallel sequences " + sequences + "; it must be at least 1");
        }
        if (rows < sequences) {
            throw new IllegalArgumentException("batch size " + rows + " for " + sequences
                    + " parallel sequences; it must be at least as large, because each adds a token to a forward pass");
        }
        if (context < 1 || blockSize < 1) {
            throw new IllegalArgumentException(
                    "context size " + context + " in blocks of " + blockSize + "; both must be at least 1");
        }
        if ((long) blocks * blockSize < context) {
            throw new IllegalArgumentException("KV cache of " + (long) blocks * blockSize
                    + " positions; it must hold one sequence of the context size " + context);
        }
    }

    /**
     * Returns the blocks that hold so many positions.
     *
     * @param positions 0 or more
     */
    public int blocksFor(int positions) {
        return Math.ceilDiv(positions, blockSize);
    }
}
