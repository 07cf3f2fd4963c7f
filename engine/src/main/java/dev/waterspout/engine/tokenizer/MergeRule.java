package dev.waterspout.engine.tokenizer;

/** Decides which two neighbouring symbols may merge into one token, and in which order. */
interface MergeRule {
    /** The result for neighbours that do not merge. Never equal to a merge, whose low half is a token id. */
    long NONE = -1L;

    /**
     * Looks two neighbours up.
     *
     * @param left token of the left symbol, or -1 where its text is not a token
     * @param right token of the right symbol, or -1
     * @param text the bytes that the symbols are spans of
     * @param from first byte of the left symbol
     * @param to end of the right symbol
     * @return the order of the merge (signed, the least first) in the high 32 bits and the merged token in the low
     *     ones, or {@link #NONE}
     */
    long merge(int left, int right, byte[] text, int from, int to);

    /** Packs a merge. */
    static long of(int order, int token) {
        return ((long) order << 32) | token;
    }
}
