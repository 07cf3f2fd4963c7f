package dev.waterspout.engine.forward;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Consecutive tokens of one sequence in a forward pass. Arrays are not copied and not changed. */
public final class SequenceRows {
    private final int[] tokens;
    private final int position;
    private final int[] blocks;
    private final int[] windowed;

    /**
     * Tokens whose blocks are the same in all layers.
     *
     * @param tokens ids, one or more
     * @param position position of the first token; the cache holds all positions before it
     * @param blocks KV blocks of the sequence's positions, in order, at least up to the last token
     */
    public SequenceRows(int[] tokens, int position, int... blocks) {
        this(tokens, position, blocks, blocks);
    }

    /**
     * Tokens whose blocks in sliding-window layers differ from those of the other layers.
     *
     * @param tokens ids, one or more
     * @param position position of the first token; the cache holds all positions before it, and in sliding-window
     *     layers those in its window
     * @param blocks KV blocks of the sequence's positions, in order, at least up to the last token
     * @param windowed the same number of blocks in sliding-window layers
     */
    public SequenceRows(int[] tokens, int position, int[] blocks, int[] windowed) {
        this.tokens = tokens;
        this.position = position;
        this.blocks = blocks;
        this.windowed = windowed;
    }

    /** Returns the ids. */
    public int[] tokens() {
        return tokens;
    }

    /** Returns the number of tokens. */
    public int rows() {
        return tokens.length;
    }

    /** Returns the position of the first token. */
    public int position() {
        return position;
    }

    /** Returns the numbers of the blocks of the sequence's positions. */
    public int[] blocks() {
        return blocks;
    }

    /** Returns the numbers of the blocks of the sequence's positions in layers with a sliding window. */
    public int[] windowed() {
        return windowed;
    }

    /**
     * Returns the tokens of all sequences of a pass.
     *
     * @param parts parts of the pass
     */
    public static int count(List<SequenceRows> parts) {
        int rows = 0;
        for (int i = 0; i < parts.size(); i++) {
            rows += parts.get(i).rows();
        }
        return rows;
    }

    /**
     * Returns the ids of all sequences of a pass.
     *
     * @param parts parts of the pass
     */
    public static int[] tokens(List<SequenceRows> parts) {
        int[] all = new int[count(parts)];
        int row = 0;
        for (int i = 0; i < parts.size(); i++) {
            System.arraycopy(parts.get(i).tokens, 0, all, row, parts.get(i).rows());
            row += parts.get(i).rows();
        }
        return all;
    }

    /**
     * Returns some rows of a pass.
     *
     * @param parts parts of the pass
     * @param from first row, from 0
     * @param to row after the last
     */
    public static List<SequenceRows> slice(List<SequenceRows> parts, int from, int to) {
        List<SequenceRows> slice = new ArrayList<>();
        int row = 0;
        for (SequenceRows part : parts) {
            int first = Math.max(from - row, 0);
            int end = Math.min(to - row, part.rows());
            if (first < end) {
                int[] tokens = Arrays.copyOfRange(part.tokens, first, end);
                slice.add(new SequenceRows(tokens, part.position + first, part.blocks, part.windowed));
            }
            row += part.rows();
        }
        return slice;
    }
}
