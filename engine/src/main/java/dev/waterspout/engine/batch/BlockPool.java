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
 * The blocks of the KV cache. Blocks form a tree: a path from the root spells the beginning of a text, and texts with
 * an equal beginning share its full blocks. A block that no sequence uses keeps its content until it is needed for
 * another text; the one that was used longest ago goes first, and never before the blocks that follow it.
 *
 * <p>Layers with a sliding window may have fewer blocks ({@link WindowBlocks}): there a block can be gone while the
 * other layers still hold it. A beginning is shared only as far as the window before its end is there.
 */
final class BlockPool {
    private final int size;
    private final Deque<Integer> free = new ArrayDeque<>();
    private final Set<Block> held = new HashSet<>();
    private final Block root = new Block(-1, null, 0);
    private final WindowBlocks windows;
    private long uses;

    /** @param limits of the cache */
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
     * Blocks that hold the beginning of a text.
     *
     * @param full all of whose positions are of the text, in order
     * @param partial the block after them whose first positions are, or null
     * @param positions positions of the partial block that are
     */
    record Match(List<Block> full, @Nullable Block partial, int positions) {}

    /** {@return the longest beginning of the text that all layers hold, of at most {@code limit} tokens} */
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

    /** A sequence uses a block. */
    void retain(Block block) {
        block.references++;
        block.used = ++uses;
    }

    /** A sequence no longer uses a block. A block that holds nothing is free at once. */
    void release(Block block) {
        block.references--;
        block.used = ++uses;
        if (block.references == 0 && block.filled == 0) {
            drop(block);
        }
    }

    /**
     * Takes a block for the positions after another one.
     *
     * @param parent the block before, or null for the first block of a text
     * @return an empty block with one reference, or null if all are in use
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

    /** {@return how many blocks no sequence uses} */
    int unused() {
        return free.size()
                + (int) held.stream().filter(block -> block.references == 0).count();
    }

    /** Forgets the content of all blocks that no sequence uses. */
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
