package dev.waterspout.engine.batch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A text that is being continued. */
final class Sequence {
    static final int NO_SLOT = -1;

    final long number;
    final TokenList tokens;

    /** Most leading tokens that may be taken from the cache. */
    final int reuse;

    /** Blocks of its positions, in order. */
    final List<Block> blocks = new ArrayList<>();

    /** Index of the first block that its next token sees in layers with a sliding window. */
    int windowFrom;

    /** Where its block table is while it runs. */
    int slot = NO_SLOT;

    /** Positions whose keys and values the cache holds. */
    int computed;

    /** Entries of its table that the ranks know. */
    int announced;

    /** Tokens that were taken from the cache when it ran first; -1 before that. */
    int held = -1;

    Sequence(long number, int[] prompt, int reuse) {
        this.number = number;
        this.tokens = new TokenList(prompt);
        this.reuse = reuse;
    }

    /** {@return how many tokens wait for a forward pass} */
    int pending() {
        return tokens.size() - computed;
    }

    @Nullable
    Block last() {
        return blocks.isEmpty() ? null : blocks.getLast();
    }

    /** {@return how many leading tokens may be taken from the cache: the last one always runs, for its logits} */
    int reusable() {
        // A sequence that was preempted takes whatever the cache holds: most of it was computed for itself.
        return Math.min(held < 0 ? reuse : tokens.size(), tokens.size() - 1);
    }
}
