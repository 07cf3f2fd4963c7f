package dev.waterspout.engine.logits;

import java.util.Arrays;

/**
 * The most likely ones of the tokens that are offered. A token and its logit are one 64-bit key, smaller for a larger
 * logit and among equal logits for a lower id. A window of twice as many keys as are wanted is sorted whenever it is
 * full. Tokens of a logit of negative infinity are left out: they have no probability.
 */
public final class LikeliestTokens {
    /** Above the keys of all finite logits: the key of negative infinity without an id. */
    static final long FORBIDDEN = (long) descending(Float.NEGATIVE_INFINITY) << Integer.SIZE;

    /**
     * Logits that are looked at in one call. A loop over all of them would be called once per token, too seldom for the
     * JVM to compile it well within hundreds of tokens.
     */
    static final int STRETCH = 512;

    private final int count;
    private final long[] window;
    private int filled;
    private long bound = FORBIDDEN - 1;

    /** @param count how many are wanted at most, at least 1 */
    public LikeliestTokens(int count) {
        this.count = count;
        this.window = new long[2 * count];
    }

    /**
     * Offers tokens.
     *
     * @param values logits; no NaN
     * @param size number of tokens
     * @param first id of the first
     */
    public void offer(float[] values, int size, int first) {
        for (int from = 0; from < size; from += STRETCH) {
            offer(values, from, Math.min(from + STRETCH, size), first);
        }
    }

    /**
     * Offers tokens. Skips stretches that have no token as likely as the ones found so far.
     *
     * @param bits bits of the logits; no NaN
     * @param size number of tokens
     * @param first id of the first
     * @param largest the largest logit of each stretch
     */
    void offer(int[] bits, int size, int first, float... largest) {
        for (int from = 0; from < size; from += STRETCH) {
            if (key(first + from, largest[from / STRETCH]) <= bound) {
                offer(bits, from, Math.min(from + STRETCH, size), first);
            }
        }
    }

    private void offer(int[] bits, int from, int to, int first) {
        for (int at = from; at < to; at++) {
            long key = key(first + at, Float.intBitsToFloat(bits[at]));
            if (key <= bound) {
                add(key);
            }
        }
    }

    /** {@return the number of stretches of so many tokens, of which the last one may be shorter} */
    static int stretches(int size) {
        return (size + STRETCH - 1) / STRETCH;
    }

    private void offer(float[] values, int from, int to, int first) {
        for (int at = from; at < to; at++) {
            long key = key(first + at, values[at]);
            if (key <= bound) {
                add(key);
            }
        }
    }

    private void add(long key) {
        window[filled++] = key;
        if (filled == window.length) {
            Arrays.sort(window);
            filled = count;
            bound = window[count - 1];
        }
    }

    /** Returns the keys of the most likely tokens, the most likely first. */
    public long[] ranked() {
        Arrays.sort(window, 0, filled);
        return Arrays.copyOf(window, Math.min(count, filled));
    }

    /**
     * Returns the key of a token.
     *
     * @param id a token id, at least 0
     * @param logit no NaN
     */
    public static long key(int id, float logit) {
        return ((long) descending(logit + 0f) << Integer.SIZE) | id; // -0 + 0 is 0
    }

    /**
     * Returns the id of a key's token.
     *
     * @param key key of a token
     */
    public static int id(long key) {
        return (int) key;
    }

    /**
     * Returns the logit of a key's token.
     *
     * @param key key of a token
     */
    public static float logit(long key) {
        int ascending = ~(int) (key >> Integer.SIZE);
        return Float.intBitsToFloat(ascending ^ (ascending >> (Integer.SIZE - 1) & Integer.MAX_VALUE));
    }

    /** An int that is smaller for a larger value. */
    private static int descending(float value) {
        int bits = Float.floatToIntBits(value);
        return ~(bits ^ (bits >> (Integer.SIZE - 1) & Integer.MAX_VALUE));
    }
}
