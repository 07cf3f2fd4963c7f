package dev.waterspout.engine.tokenizer;

import java.util.Arrays;

/**
 * Merges neighbouring symbols, always the pair of least order and of those the leftmost, until no pair is left: the
 * greedy encoding of byte pair encoding (Sennrich et al., 2016) and of SentencePiece. A heap orders the pairs, so n
 * symbols take O(n log n). A pair of which one symbol has merged with another neighbour stays in the heap; it is
 * skipped when it is popped, as its order no longer matches. Not thread-safe; its arrays are reused from one word to
 * the next.
 */
final class PairMerger {
    private final MergeRule rule;
    private final LongHeap heap = new LongHeap();

    private byte[] text = new byte[0];
    private int count;
    /** First byte of each symbol; one more entry closes the last. */
    private int[] start = new int[64];

    private int[] token = new int[64];
    private int[] previous = new int[64];
    private int[] next = new int[64];
    /** The merge of each symbol with its right neighbour, as the rule packs it. */
    private long[] pair = new long[64];

    PairMerger(MergeRule rule) {
        this.rule = rule;
    }

    /** Starts a new text, without symbols. */
    void reset(byte[] bytes) {
        text = bytes;
        count = 0;
    }

    /**
     * Appends a symbol, which ends where the next one begins.
     *
     * @param from its first byte
     * @param id its token, or -1 where its text is not a token
     */
    void add(int from, int id) {
        if (count + 1 == start.length) {
            int length = start.length * 2;
            start = Arrays.copyOf(start, length);
            token = Arrays.copyOf(token, length);
            previous = Arrays.copyOf(previous, length);
            next = Arrays.copyOf(next, length);
            pair = Arrays.copyOf(pair, length);
        }
        start[count] = from;
        token[count] = id;
        count++;
    }

    /** Merges until no pair is left, and returns how many symbols remain. */
    int merge() {
        start[count] = text.length;
        for (int i = 0; i < count; i++) {
            previous[i] = i - 1;
            next[i] = i + 1;
        }
        for (int i = 0; i < count; i++) {
            offer(i);
        }
        while (!heap.isEmpty()) {
            long key = heap.pop();
            int left = (int) key;
            if (pair[left] != MergeRule.NONE && key >> 32 == pair[left] >> 32) {
                join(left);
            }
        }
        return compact();
    }

    int token(int symbol) {
        return token[symbol];
    }

    int from(int symbol) {
        return start[symbol];
    }

    int to(int symbol) {
        return start[symbol + 1];
    }

    private void offer(int left) {
        int right = next[left];
        pair[left] = right == count
                ? MergeRule.NONE
                : rule.merge(token[left], token[right], text, start[left], start[next[right]]);
        if (pair[left] != MergeRule.NONE) {
            heap.push((pair[left] & 0xFFFF_FFFF_0000_0000L) | left);
        }
    }

    private void join(int left) {
        int right = next[left];
        token[left] = (int) pair[left];
        pair[right] = MergeRule.NONE;
        next[left] = next[right];
        if (next[right] < count) {
            previous[next[right]] = left;
        }
        offer(left);
        if (previous[left] >= 0) {
            offer(previous[left]);
        }
    }

    private int compact() {
        int remaining = 0;
        for (int i = 0; i < count; i = next[i]) {
            start[remaining] = start[i];
            token[remaining] = token[i];
            remaining++;
        }
        start[remaining] = text.length;
        return remaining;
    }
}
