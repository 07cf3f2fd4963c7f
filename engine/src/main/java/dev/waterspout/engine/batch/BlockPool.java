package dev.waterspout.engine.batch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of the KV cache. Blocks form a tree: a path from the root holds a prefix of a text, and texts with a
 * common prefix share its full blocks. An unused block keeps its content until its memory is needed for another text.
 * The least recently used block is evicted first, and a block is never evicted before its successors.
 *
 * <p>Layers with a sliding window may have fewer blocks ({@link WindowBlocks}): there a block may be evicted while the
 * other layers still hold it. A prefix is shared only if the window before its end is still cached.
 */
final class BlockPool {
    private final int size;
    private final Deque<Integer> free = new ArrayDeque<>();
    private final Set<Block> held = new HashSet<>();
    private final Block root = new Block(-1, null, 0);
    private final WindowBlocks windows;
    private long uses;

    /** @param limits limits of the cache */
    BlockPool(BatchLimits limits) {
        this.size = limits.blockSize();
        this.windows = new WindowBlocks(limits, held);
        for (int number = 0; number < limits.blocks(); number++) {
            free.add(number);
        }
    }

    /** {@return the blocks of layers with a sliding window} */
    WindowBlocks windows() {
        return windows;
    }

    /**
     * Blocks that hold a prefix of a text.
     *
     * @param full blocks that match the text at all positions, in order
     * @param partial the next block, whose first positions match the text, or null
     * @param positions number of matching positions of the partial block
     */
    record Match(List<Block> full, @Nullable Block partial, int positions) {}

    /** {@return the longest prefix of the text that all layers hold, of at most {@code limit} tokens} */
    Match match(TokenList text, int limit) {
        Match match = longest(text, limit);
        int kept = windows.kept(match.full());
        if (kept < match.full().size()) {
            return new Match(match.full().subList(0, kept), null, 0);
        }
        return match.partial() == null || windows.holds(match.partial()) ? match : new Match(match.full(), null, 0);
    }

    private Match longest(TokenList text, int limit) {
        List<Block> full = new ArrayList<>();
        Block at = root;
        while (true) {
            Block best = null;
            int most = 0;
            for (Block child : at.children) {
                int matching = child.matching(text, full.size() * size, limit);
                if (matching > most) {
                    most = matching;
                    best = child;
                }
            }
            if (best == null || most < size) {
                return new Match(full, best, most);
            }
            full.add(best);
            at = best;
        }
    }

    /** Adds a reference of a sequence to a block. */
    void retain(Block block) {
        block.references++;
        block.used = ++uses;
    }

    /** Removes a reference of a sequence to a block. An empty block is freed at once. */
    void release(Block block) {
        block.references--;
        block.used = ++uses;
        if (block.references == 0 && block.filled == 0) {
            drop(block);
        }
    }

    /**
     * Allocates a block for the positions after another block.
     *
     * @param parent the block before, or null for the first block of a text
     * @return an empty block with one reference, or null if all blocks are in use
     */
    @Nullable
    Block take(@Nullable Block parent) {
        if (free.isEmpty()) {
            held.stream()
                    .filter(block -> block.references == 0 && block.children.isEmpty())
                    .min(Comparator.comparingLong(block -> block.used))
                    .ifPresent(this::drop);
        }
        if (free.isEmpty()) {
            return null;
        }
        Block before = parent == null ? root : parent;
        Block block = new Block(free.removeFirst(), before, size);
        before.children.add(block);
        held.add(block);
        retain(block);
        windows.give(block);
        return block;
    }

    private void drop(Block block) {
        if (block.parent != null) {
            block.parent.children.remove(block);
        }
        held.remove(block);
        windows.take(block);
        free.addFirst(block.number);
    }

    /** {@return the number of blocks that no sequence uses} */
    int unused() {
        return free.size()
                + (int) held.stream().filter(block -> block.references == 0).count();
    }

    /** Discards the content of all unused blocks. */
    void forget() {
        while (true) {
            List<Block> leaves = held.stream()
                    .filter(block -> block.references == 0 && block.children.isEmpty())
                    .toList();
            if (leaves.isEmpty()) {
                return;
            }
            leaves.forEach(this::drop);
        }
    }
}
