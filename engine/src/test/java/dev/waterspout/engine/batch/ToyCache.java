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
 * A model whose next token depends on every token before it, and that reads them from the cache alone: a block that was
 * shared, copied or given away wrongly changes the text.
 */
final class ToyCache {
    static final int ALPHABET = 3;
    private static final int NOTHING = -1;

    private final int blockSize;
    private final int[][] blocks;
    private final Map<Integer, List<Integer>> tables = new HashMap<>();

    ToyCache(BatchLimits limits) {
        blockSize = limits.blockSize();
        blocks = new int[limits.blocks()][blockSize];
        for (int[] block : blocks) {
            Arrays.fill(block, NOTHING);
        }
    }

    /** {@return the next token of every sequence whose logits are wanted} */
    Map<Long, Integer> run(Step step) {
        for (TableChange change : step.tables()) {
            List<Integer> table = tables.computeIfAbsent(change.slot(), _ -> new ArrayList<>());
            if (change.index() > table.size()) {
                throw new AssertionError(change + " leaves a gap after " + table);
            }
            table.subList(change.index(), table.size()).clear();
            table.addAll(change.blocks());
        }
        for (BlockCopy copy : step.copies()) {
            blocks[copy.to()] = blocks[copy.from()].clone();
        }
        // As in a forward pass: all rows are stored before any is read.
        for (Chunk chunk : step.chunks()) {
            for (int i = 0; i < chunk.tokens().size(); i++) {
                int position = chunk.position() + i;
                block(chunk, position)[position % blockSize] = chunk.tokens().get(i);
            }
        }
        Map<Long, Integer> next = new HashMap<>();
        for (Chunk chunk : step.chunks()) {
            if (chunk.wantsLogits()) {
                int[] text = new int[chunk.position() + chunk.tokens().size()];
                for (int position = 0; position < text.length; position++) {
                    text[position] = block(chunk, position)[position % blockSize];
                }
                next.put(chunk.sequence(), next(text, text.length));
            }
        }
        return next;
    }

    private int[] block(Chunk chunk, int position) {
        return blocks[Objects.requireNonNull(tables.get(chunk.slot())).get(position / blockSize)];
    }

    static int next(int[] text, int length) {
        int hash = 17;
        for (int position = 0; position < length; position++) {
            hash = 31 * hash + (text[position] + 2) * (position + 7);
        }
        return Math.floorMod(hash ^ hash >>> 11, ALPHABET);
    }
}
