package dev.waterspout.engine.batch;

/**
 * Limits on the number of sequences and tokens that run at the same time.
 *
 * @param sequences largest number of sequences that run at the same time
 * @param rows largest number of tokens of all sequences in one forward pass, at least {@code sequences}
 * @param context largest number of positions of a sequence
 * @param blockSize positions of a block of the KV cache
 * @param blocks number of blocks in the KV cache, enough for one sequence of {@code context} positions
 * @param window number of latest positions that a token sees in layers with a sliding window, its own included; these
 *     layers have {@link #windowedBlocks} blocks of their own. 0 if no layer has a window, or if all layers keep all
 *     positions
 */
public record BatchLimits(int sequences, int rows, int context, int blockSize, int blocks, int window) {
    /** Positions of a block in a cache of several blocks, which is the tile size of the host's attention kernels. */
    public static final int BLOCK_SIZE = 128;

    /** Checks the ranges. */
    public BatchLimits {
        if (context < 1 || blockSize < 1) {
            throw new IllegalArgumentException("context size " + context + "; it must be at least 1");
        }
        if (sequences < 1) {
            throw new IllegalArgumentException("number of parallel sequences " + sequences + "; it must be at least 1");
        }
        if (rows < sequences) {
            throw new IllegalArgumentException("batch size " + rows + " for " + sequences
                    + " parallel sequences; it must be at least as large, because each adds a token to a forward pass");
        }
        if (window < 0) {
            throw new IllegalArgumentException("window of " + window + " positions; it must be 0 or more");
        }
        if ((long) blocks * blockSize < context) {
            throw new IllegalArgumentException("KV cache of " + (long) blocks * blockSize
                    + " positions; it must hold one sequence of the context size " + context);
        }
    }

    /**
     * Limits for a model whose layers all keep all positions.
     *
     * @param sequences largest number of sequences that run at the same time
     * @param rows largest number of tokens of all sequences in one forward pass, at least {@code sequences}
     * @param context largest number of positions of a sequence
     * @param blockSize positions of a block of the KV cache
     * @param blocks number of blocks in the KV cache, enough for one sequence of {@code context} positions
     */
    public BatchLimits(int sequences, int rows, int context, int blockSize, int blocks) {
        this(sequences, rows, context, blockSize, blocks, 0);
    }

    /**
     * Returns the limits of one sequence whose cache is one block.
     *
     * @param context largest number of positions
     * @param rows largest number of tokens in one forward pass
     */
    public static BatchLimits ofOne(int context, int rows) {
        return new BatchLimits(1, rows, context, context, 1);
    }

    /**
     * Returns the limits of several sequences.
     *
     * @param sequences largest number of sequences that run at the same time
     * @param rows largest number of tokens in one forward pass
     * @param context largest number of positions of each sequence
     * @param positions positions of the KV cache, shared by all; it is rounded up to whole blocks
     */
    public static BatchLimits of(int sequences, int rows, int context, long positions) {
        int size = Math.max(1, Math.min(context, BLOCK_SIZE));
        long blocks = Math.ceilDiv(positions, size);
        if (blocks > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "KV cache of " + positions + " positions; it must be within " + (long) Integer.MAX_VALUE * size);
        }
        return new BatchLimits(sequences, rows, context, size, (int) blocks);
    }

    /**
     * Returns these limits for a model in which sliding-window layers keep only their window.
     *
     * @param positions number of positions of the window; 0 if no layer has one
     */
    public BatchLimits withWindow(int positions) {
        return new BatchLimits(sequences, rows, context, blockSize, blocks, positions);
    }

    /** Returns the positions of all blocks. */
    public long positions() {
        return (long) blocks * blockSize;
    }

    /**
     * Returns the blocks in the KV cache of a layer with a sliding window. They hold the window of every running
     * sequence before a pass, the rows of the pass, and the target of a block copy.
     */
    public int windowedBlocks() {
        if (window == 0) {
            return blocks;
        }
        long before = sequences * (Math.ceilDiv(window - 1L, blockSize) + 1);
        long passed = (rows + (long) sequences * (blockSize - 1)) / blockSize; // one row may begin a block
        return (int) Math.min(blocks, before + passed + 1);
    }

    /**
     * Returns the blocks in the KV cache of a layer.
     *
     * @param windowed whether it has a sliding window
     */
    public long blocksOf(boolean windowed) {
        return windowed ? windowedBlocks() : blocks;
    }

    /** Returns whether layers with a sliding window have fewer blocks than the others, with numbers of their own. */
    public boolean keepsWindows() {
        return windowedBlocks() < blocks;
    }

    /**
     * Returns the index of the first block that a token sees in layers with a sliding window.
     *
     * @param position position of the token
     */
    public int firstSeen(int position) {
        return window == 0 ? 0 : Math.max(0, position - window + 1) / blockSize;
    }

    /**
     * Returns the number of blocks that hold a number of positions.
     *
     * @param positions 0 or more
     */
    public int blocksFor(int positions) {
        return Math.ceilDiv(positions, blockSize);
    }
}
