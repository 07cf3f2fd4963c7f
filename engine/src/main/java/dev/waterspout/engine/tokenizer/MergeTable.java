package dev.waterspout.engine.tokenizer;

import dev.waterspout.engine.gguf.Printable;
import java.util.Arrays;
import java.util.List;

/** The ranked merges of a BPE vocabulary: pairs of token ids in an open-addressed hash table. */
final class MergeTable implements MergeRule {
    /** How the vocabulary writes bytes. */
    interface Spelling {
        /**
         * Writes the bytes that the characters {@code text[from .. to)} stand for, at most three for each character.
         *
         * @return the end of the bytes in {@code target}, or a negative number where the characters stand for none
         */
        int decode(String text, int from, int to, byte[] target, int at);
    }

    private static final int ABSENT = -1;

    /** Left token in the high half, right token in the low half, by rank. */
    private final long[] pairs;

    private final int[] merged;
    /** Ranks by hash of the pair, linear probing; its length is a power of two. */
    private final int[] slots;

    /**
     * Reads the merges, best first, each two tokens with a space between. A merge of or to a text that is no token is
     * left out, as it could only hide tokens; of equal pairs the first counts.
     *
     * @throws TokenizerException for a merge without a space
     */
    MergeTable(List<String> merges, TokenTable tokens, Spelling spelling) {
        pairs = new long[merges.size()];
        merged = new int[merges.size()];
        slots = new int[Integer.highestOneBit(Math.max(8, merges.size())) << 2];
        Arrays.fill(slots, ABSENT);
        byte[] bytes = new byte[768];
        int rank = 0;
        for (String merge : merges) {
            int space = merge.indexOf(' ');
            if (space < 0) {
                throw new TokenizerException("tokenizer.ggml.merges[" + rank + "] is " + Printable.quote(merge)
                        + ": two tokens with a space between are needed");
            }
            if (bytes.length < merge.length() * 3) {
                bytes = new byte[merge.length() * 6];
            }
            int middle = spelling.decode(merge, 0, space, bytes, 0);
            int end = middle < 0 ? -1 : spelling.decode(merge, space + 1, merge.length(), bytes, middle);
            if (end >= 0) {
                add(rank, tokens.find(bytes, 0, middle), tokens.find(bytes, middle, end), tokens.find(bytes, 0, end));
            }
            rank++;
        }
    }

    @Override
    public long merge(int left, int right, byte[] text, int from, int to) {
        int rank = slots[slot(pair(left, right))];
        return rank == ABSENT ? NONE : MergeRule.of(rank, merged[rank]);
    }

    private void add(int rank, int left, int right, int result) {
        if (left < 0 || right < 0 || result < 0) {
            return;
        }
        long pair = pair(left, right);
        int slot = slot(pair);
        if (slots[slot] == ABSENT) {
            slots[slot] = rank;
            pairs[rank] = pair;
            merged[rank] = result;
        }
    }

    private int slot(long pair) {
        int slot = KeyedHash.of((int) (pair >>> 32), (int) pair) & (slots.length - 1);
        while (slots[slot] != ABSENT && pairs[slots[slot]] != pair) {
            slot = (slot + 1) & (slots.length - 1);
        }
        return slot;
    }

    private static long pair(int left, int right) {
        return ((long) left << 32) | (right & 0xFFFF_FFFFL);
    }
}
