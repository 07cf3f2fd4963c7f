package dev.waterspout.engine.grammar;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The tokens of a vocabulary, sorted by their bytes. With the number of bytes that each token shares with the one
 * before it, this is a compact trie: common prefixes of tokens are matched once. Immutable.
 */
public final class TokenOrder {
    private final byte[][] bytes;
    private final int[] tokens;
    private final int[] shared;
    private final BitSet ends;
    private final int size;

    /**
     * @param size number of tokens
     * @param bytes bytes of a token's text; none for a token that no text contains
     * @param ends end-of-text tokens
     */
    public TokenOrder(int size, IntFunction<byte[]> bytes, BitSet ends) {
        this.size = size;
        this.ends = (BitSet) ends.clone();
        this.bytes = IntStream.range(0, size)
                .mapToObj(token -> ends.get(token) ? new byte[0] : bytes.apply(token))
                .toArray(byte[][]::new);
        this.tokens = IntStream.range(0, size)
                .filter(token -> this.bytes[token].length > 0)
                .boxed()
                .sorted(Comparator.comparing(token -> this.bytes[token], Arrays::compareUnsigned))
                .mapToInt(Integer::intValue)
                .toArray();
        this.shared = new int[tokens.length];
        for (int i = 1; i < tokens.length; i++) {
            byte[] before = this.bytes[tokens[i - 1]];
            byte[] own = this.bytes[tokens[i]];
            int mismatch = Arrays.mismatch(before, own);
            shared[i] = mismatch < 0 ? own.length : mismatch;
        }
    }

    /** Returns the number of tokens. */
    int size() {
        return size;
    }

    boolean ends(int token) {
        return ends.get(token);
    }

    byte[] bytes(int token) {
        return bytes[token];
    }

    /** Returns the tokens that may follow a text in a state. */
    BitSet allowed(GrammarStates states, int state) {
        BitSet allowed = new BitSet(size);
        if (states.mayEnd(state)) {
            allowed.or(ends);
        }
        int[] path = new int[256];
        path[0] = state;
        // Number of leading bytes of the token before that the grammar allows.
        int alive = 0;
        for (int i = 0; i < tokens.length; i++) {
            byte[] text = bytes[tokens[i]];
            if (shared[i] > alive) {
                continue;
            }
            if (path.length <= text.length) {
                path = Arrays.copyOf(path, 2 * text.length);
            }
            alive = shared[i];
            int now = path[alive];
            while (alive < text.length) {
                now = states.next(now, text[alive] & 0xff);
                if (now == GrammarStates.DEAD) {
                    break;
                }
                path[++alive] = now;
            }
            if (alive == text.length) {
                allowed.set(tokens[i]);
            }
        }
        return allowed;
    }
}
