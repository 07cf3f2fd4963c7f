package dev.waterspout.engine.tokenizer;

import java.util.Arrays;

/**
 * The bytes that every token prints, in one pool, and an open-addressed hash index from bytes to the token that text
 * may become. A span of a text is looked up in place, without a copy.
 */
final class TokenTable {
    private static final int ABSENT = -1;

    private final byte[] pool;
    /** Token {@code i} prints {@code pool[offsets[i] .. offsets[i + 1])}. */
    private final int[] offsets;
    /** Token ids by hash, linear probing; its length is a power of two. */
    private final int[] slots;

    private final int longest;

    /**
     * Builds the table.
     *
     * @param printed the bytes of every token, by id
     * @param found whether text may become that token; of tokens with equal bytes the last one is found
     */
    TokenTable(byte[][] printed, boolean[] found) {
        offsets = new int[printed.length + 1];
        int indexed = 0;
        int longestFound = 0;
        for (int id = 0; id < printed.length; id++) {
            offsets[id + 1] = Math.addExact(offsets[id], printed[id].length);
            if (found[id]) {
                indexed++;
                longestFound = Math.max(longestFound, printed[id].length);
            }
        }
        longest = longestFound;
        pool = new byte[offsets[printed.length]];
        slots = new int[Integer.highestOneBit(Math.max(8, indexed)) << 2];
        Arrays.fill(slots, ABSENT);
        for (int id = 0; id < printed.length; id++) {
            byte[] bytes = printed[id];
            System.arraycopy(bytes, 0, pool, offsets[id], bytes.length);
            if (found[id] && bytes.length > 0) {
                slots[slot(bytes, 0, bytes.length)] = id;
            }
        }
    }

    /** Returns a copy of the bytes that a token prints. */
    byte[] bytes(int token) {
        return Arrays.copyOfRange(pool, offsets[token], offsets[token + 1]);
    }

    /** Returns the token with exactly the bytes {@code text[from .. to)}, or -1. */
    int find(byte[] text, int from, int to) {
        return to - from > longest ? ABSENT : slots[slot(text, from, to)];
    }

    private int slot(byte[] text, int from, int to) {
        int slot = KeyedHash.of(text, from, to) & (slots.length - 1);
        while (slots[slot] != ABSENT && !matches(slots[slot], text, from, to)) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private boolean matches(int token, byte[] text, int from, int to) {
        return Arrays.equals(pool, offsets[token], offsets[token + 1], text, from, to);
    }
}
