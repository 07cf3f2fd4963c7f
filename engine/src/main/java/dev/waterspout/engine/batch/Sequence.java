package dev.waterspout.engine.batch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A text for which tokens are generated, with its blocks. */
final class Sequence {
    static final int NO_SLOT = -1;

    final long number;
    final TokenList tokens;

    /** Largest number of leading tokens that may be taken from the cache. */
    final int reuse;

    /** Blocks of its positions, in order. */
    final List<Block> blocks = new ArrayList<>();

    /** Index of the first block within the window of its next token in sliding-window layers. */
    int windowFrom;

    /** Slot of its block table while it runs. */
    int slot = NO_SLOT;

    /** Positions whose keys and values the cache holds. */
    int computed;

    /** Number of entries of its block table that the ranks have received. */
    int announced;

    /** Number of tokens taken from the cache when it was first admitted; -1 before that. */
    int held = -1;

    Sequence(long number, int[] prompt, int reuse) {
        this.number = number;
        this.tokens = new TokenList(prompt);
        this.reuse = reuse;
    }

    /** {@return the number of tokens that wait for a forward pass} */
    int pending() {
        return tokens.size() - computed;
    }

    @Nullable
    Block last() {
        return blocks.isEmpty() ? null : blocks.getLast();
    }

    /**
     * {@return the number of leading tokens that may be taken from the cache; the last token is always computed, for
     * its logits}
     */
    int reusable() {
        // A preempted sequence may take all matching tokens of the cache, most of which were computed for itself.
        return Math.min(held < 0 ? reuse : tokens.size(), tokens.size() - 1);
    }
}
