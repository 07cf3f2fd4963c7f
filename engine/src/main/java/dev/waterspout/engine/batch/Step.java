package dev.waterspout.engine.batch;

import java.util.List;

/**
 * One forward pass over rows of several sequences, and the changes of the KV cache before it. The changes are made in
 * this order: tables, then copies one after the other, then the pass.
 *
 * @param tables changes of the block tables
 * @param copies block copies
 * @param chunks the rows, in their order in the pass; never empty
 */
public record Step(List<TableChange> tables, List<BlockCopy> copies, List<Chunk> chunks) {
    /** Copies the lists. */
    public Step {
        tables = List.copyOf(tables);
        copies = List.copyOf(copies);
        chunks = List.copyOf(chunks);
        if (chunks.isEmpty()) {
            throw new IllegalArgumentException("a step of 0 chunks; it needs at least 1");
        }
    }

    /**
     * Replaces the end of the block table of a slot.
     *
     * @param slot slot of the running sequence, from 0
     * @param index index of the first entry that changes; entries from it on are replaced
     * @param blocks the new entries
     * @param windowed the same number of entries for sliding-window layers, with an arbitrary value for a block
     *     outside the window; empty if these layers use the same blocks as the others
     */
    public record TableChange(int slot, int index, List<Integer> blocks, List<Integer> windowed) {
        /** Copies the lists. */
        public TableChange {
            blocks = List.copyOf(blocks);
            windowed = List.copyOf(windowed);
            if (!windowed.isEmpty() && windowed.size() != blocks.size()) {
                throw new IllegalArgumentException(windowed.size() + " blocks of layers with a sliding window, for "
                        + blocks.size() + " of the others; the numbers must be equal, or the first one 0");
            }
        }

        /**
         * A change for a model whose layers all use the same blocks.
         *
         * @param slot index of the running sequence's slot, from 0
         * @param index index of the first entry that changes; all entries from it on are replaced
         * @param blocks the new entries
         */
        public TableChange(int slot, int index, List<Integer> blocks) {
            this(slot, index, blocks, List.of());
        }
    }

    /**
     * Copies the keys and values of a block, in all layers, into another block.
     *
     * @param from number of the block that is read
     * @param to number of the block that is overwritten
     * @param windowedFrom number of the block that is read in layers with a sliding window
     * @param windowedTo number of the block that is overwritten in layers with a sliding window
     */
    public record BlockCopy(int from, int to, int windowedFrom, int windowedTo) {}

    /**
     * Consecutive tokens of one sequence.
     *
     * @param sequence number of the sequence, as given to {@link Scheduler#add}
     * @param slot index of its block table
     * @param position position of the first token
     * @param tokens ids, one or more
     * @param wantsLogits whether the logits of the last token are needed
     */
    public record Chunk(long sequence, int slot, int position, List<Integer> tokens, boolean wantsLogits) {
        /** Copies the list. */
        public Chunk {
            tokens = List.copyOf(tokens);
        }
    }

    /** Returns the number of tokens of all chunks. */
    public int rows() {
        return chunks.stream().mapToInt(chunk -> chunk.tokens().size()).sum();
    }
}
