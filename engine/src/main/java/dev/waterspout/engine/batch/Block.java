package dev.waterspout.engine.batch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A block of the KV cache: keys and values of consecutive positions. Their content depends on all tokens before them,
 * so a block is identified by its own tokens and the block before it.
 */
final class Block {
    /** Number in the cache; -1 for the root, which is the parent of the first block of every text. */
    final int number;

    /** The block of the preceding positions, or null for the root. */
    final @Nullable Block parent;

    /** Blocks of the following positions, one for each text that diverges here. */
    final List<Block> children = new ArrayList<>();

    /** Tokens at the block's positions. */
    final int[] tokens;

    /** Number of positions with keys and values. */
    int filled;

    /** Number of running sequences that use this block. */
    int references;

    /** Time of the last use, as a counter. */
    long used;

    /** Number in the cache of layers with a sliding window; -1 after its eviction from there. */
    int windowed = -1;

    /** Number of running sequences whose window in layers with a sliding window includes positions of this block. */
    int windowReferences;

    /** Time at which the block left the last window, as a counter. */
    long windowUsed;

    Block(int number, @Nullable Block parent, int size) {
        this.number = number;
        this.parent = parent;
        this.tokens = new int[size];
    }

    boolean isFull() {
        return filled == tokens.length;
    }

    /**
     * {@return the number of leading positions of this block that hold the tokens {@code from} to {@code to} of a
     * text}
     */
    int matching(TokenList text, int from, int to) {
        int most = Math.min(filled, to - from);
        int count = 0;
        while (count < most && tokens[count] == text.get(from + count)) {
            count++;
        }
        return count;
    }
}
