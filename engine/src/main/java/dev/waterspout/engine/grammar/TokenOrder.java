package dev.waterspout.engine.grammar;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The tokens of a vocabulary in the order of their bytes, so that those that begin alike are looked at together: a
 * trie, stored as how many bytes each token shares with the one before it. Immutable.
 */
public final class TokenOrder {
    private final byte[][] bytes;
    private final int[] tokens;
    private final int[] shared;
    private final BitSet ends;
    private final int size;

    /**
     * @param size number of tokens
     * @param bytes the bytes that a token prints; none for a token that no text contains
     * @param ends tokens that end a text
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

    /** Returns the tokens that a text in a state may go on with. */
    BitSet allowed(GrammarStates states, int state) {
        BitSet allowed = new BitSet(size);
        if (states.mayEnd(state)) {
            allowed.or(ends);
        }
        int[] path = new int[256];
        path[0] = state;
        // How many bytes of the token before are on the path alive.
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
