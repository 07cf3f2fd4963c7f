package dev.waterspout.engine.batch;

import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.batch.Step.Chunk;
import dev.waterspout.engine.batch.Step.TableChange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A model whose next token depends on all tokens before it, which it reads only from the cache: a block that is
 * shared, copied or evicted wrongly changes the text. A second cache keeps only windows; within its window each token
 * must find the same tokens as in the first cache.
 */
final class ToyCache {
    static final int ALPHABET = 3;
    private static final int NOTHING = -1;

    private final int blockSize;
    private final int window;
    private final Layer all;
    private final Layer windowed;

    /** A cache, and the block table of every slot. */
    private final class Layer {
        private final int[][] blocks;
        private final Map<Integer, List<Integer>> tables = new HashMap<>();

        Layer(int count) {
            blocks = new int[count][blockSize];
            for (int[] block : blocks) {
                Arrays.fill(block, NOTHING);
            }
        }

        void change(TableChange change, List<Integer> entries) {
            List<Integer> table = tables.computeIfAbsent(change.slot(), _ -> new ArrayList<>());
            if (change.index() > table.size()) {
                throw new AssertionError(change + " leaves a gap after " + table);
            }
            table.subList(change.index(), table.size()).clear();
            table.addAll(entries);
        }

        void copy(int from, int to) {
            blocks[to] = blocks[from].clone();
        }

        void store(Chunk chunk, int position, int token) {
            block(chunk, position)[position % blockSize] = token;
        }

        int token(Chunk chunk, int position) {
            return block(chunk, position)[position % blockSize];
        }

        private int[] block(Chunk chunk, int position) {
            return blocks[Objects.requireNonNull(tables.get(chunk.slot())).get(position / blockSize)];
        }
    }

    ToyCache(BatchLimits limits) {
        blockSize = limits.blockSize();
        window = limits.window();
        all = new Layer(limits.blocks());
        windowed = new Layer(limits.windowedBlocks());
    }

    /** {@return the next token of every sequence whose logits are wanted} */
    Map<Long, Integer> run(Step step) {
        for (TableChange change : step.tables()) {
            all.change(change, change.blocks());
            windowed.change(change, change.windowed().isEmpty() ? change.blocks() : change.windowed());
        }
        for (BlockCopy copy : step.copies()) {
            all.copy(copy.from(), copy.to());
            windowed.copy(copy.windowedFrom(), copy.windowedTo());
        }
        // As in a forward pass: all rows are stored before any is read.
        for (Chunk chunk : step.chunks()) {
            for (int i = 0; i < chunk.tokens().size(); i++) {
                int position = chunk.position() + i;
                all.store(chunk, position, chunk.tokens().get(i));
                windowed.store(chunk, position, chunk.tokens().get(i));
            }
        }
        step.chunks().forEach(this::requireWindows);
        Map<Long, Integer> next = new HashMap<>();
        for (Chunk chunk : step.chunks()) {
            if (chunk.wantsLogits()) {
                int[] text = new int[chunk.position() + chunk.tokens().size()];
                for (int position = 0; position < text.length; position++) {
                    text[position] = all.token(chunk, position);
                }
                next.put(chunk.sequence(), next(text, text.length));
            }
        }
        return next;
    }

    private void requireWindows(Chunk chunk) {
        int first = window == 0 ? 0 : Math.max(0, chunk.position() - window + 1);
        for (int position = first; position < chunk.position() + chunk.tokens().size(); position++) {
            if (windowed.token(chunk, position) != all.token(chunk, position)) {
                throw new AssertionError("position " + position + " of " + chunk + " is not in the window's layer");
            }
        }
    }

    static int next(int[] text, int length) {
        int hash = 17;
        for (int position = 0; position < length; position++) {
            hash = 31 * hash + (text[position] + 2) * (position + 7);
        }
        return Math.floorMod(hash ^ hash >>> 11, ALPHABET);
    }
}
