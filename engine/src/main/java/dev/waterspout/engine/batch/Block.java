package dev.waterspout.engine.batch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A block of the KV cache: keys and values of consecutive positions. Their content depends on all tokens before them,
 * so a block is known by its own tokens and the block before it.
 */
final class Block {
    /** Number in the cache; -1 for the root, which stands before the first block of every text. */
    final int number;

    /** The block of the positions before, or null for the root. */
    final @Nullable Block parent;

    /** Blocks of the positions after this one, of as many texts as there are. */
    final List<Block> children = new ArrayList<>();

    /** Tokens at the block's positions. */
    final int[] tokens;

    /** How many positions hold keys and values. */
    int filled;

    /** How many running sequences use it. */
    int references;

    /** Larger for a block that was used later. */
    long used;

    /** Number in the cache of layers with a sliding window; -1 when it is gone from there. */
    int windowed = -1;

    /** How many running sequences see positions of it in layers with a sliding window. */
    int windowReferences;

    /** Larger for a block that left a window later. */
    long windowUsed;

    Block(int number, @Nullable Block parent, int size) {
        this.number = number;
        this.parent = parent;
        this.tokens = new int[size];
    }

    boolean isFull() {
        return filled == tokens.length;
    }

    /** {@return how many of its positions hold the tokens of a text from {@code from} on, up to {@code to}} */
    int matching(TokenList text, int from, int to) {
        int most = Math.min(filled, to - from);
        int count = 0;
        while (count < most && tokens[count] == text.get(from + count)) {
            count++;
        }
        return count;
    }
}
