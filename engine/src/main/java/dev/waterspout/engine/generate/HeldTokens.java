package dev.waterspout.engine.generate;

import java.util.Arrays;

/** The tokens whose keys and values a cache holds, by position. */
final class HeldTokens {
    private int[] tokens = {};
    private int count;

    /** A pass begins: the tokens from its first position on are dropped. */
    void truncate(int position) {
        count = Math.min(count, position);
    }

    /** A pass has ended; tokens beyond a gap do not count. */
    void add(int[] passed, int position) {
        if (position == count) {
            tokens = Arrays.copyOf(tokens, Math.max(tokens.length, count + Math.max(passed.length, count)));
            System.arraycopy(passed, 0, tokens, count, passed.length);
            count += passed.length;
        }
    }

    /** {@return how many tokens at the beginning of a text are held} */
    int prefix(int[] text) {
        int mismatch = Arrays.mismatch(tokens, 0, count, text, 0, text.length);
        return mismatch < 0 ? text.length : mismatch;
    }
}
