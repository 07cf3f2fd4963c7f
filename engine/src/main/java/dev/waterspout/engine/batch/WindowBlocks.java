package dev.waterspout.engine.batch;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * The blocks of the KV cache in sliding-window layers, which may have fewer blocks than the other layers. A running
 * sequence holds the blocks within the window of its next token. Blocks that have left the window stay cached until
 * their memory is needed; the one that left first is evicted first. The number of blocks suffices for all running
 * sequences, so no sequence waits for one. If it equals the number of blocks of the other layers, a block has the same
 * number in both.
 */
final class WindowBlocks {
    private final BatchLimits limits;
    private final Collection<Block> held;
    private final Deque<Integer> free = new ArrayDeque<>();
    private long uses;

    /**
     * @param limits limits of the cache
     * @param held all blocks with content
     */
    WindowBlocks(BatchLimits limits, Collection<Block> held) {
        this.limits = limits;
        this.held = held;
        for (int number = 0; number < (limits.keepsWindows() ? limits.windowedBlocks() : 0); number++) {
            free.add(number);
        }
    }

    /** Allocates memory for a new block, with one reference. */
    void give(Block block) {
        if (!limits.keepsWindows()) {
            block.windowed = block.number;
        } else {
            if (free.isEmpty()) {
                held.stream()
                        .filter(other -> holds(other) && other.windowReferences == 0)
                        .min(Comparator.comparingLong(other -> other.windowUsed))
                        .ifPresent(this::take);
            }
            block.windowed = free.removeFirst();
        }
        retain(block);
    }

    /** Frees the memory of a block. */
    void take(Block block) {
        if (limits.keepsWindows() && holds(block)) {
            free.addFirst(block.windowed);
            block.windowed = -1;
        }
    }

    /** {@return whether sliding-window layers hold the block, too} */
    boolean holds(Block block) {
        return block.windowed >= 0;
    }

    /**
     * {@return the number of leading blocks of a text that can be shared; the window before the end of the last one is
     * cached}
     */
    int kept(List<Block> blocks) {
        int kept = blocks.size();
        while (kept > 0
                && !blocks.subList(limits.firstSeen(kept * limits.blockSize()), kept).stream()
                        .allMatch(this::holds)) {
            kept--;
        }
        return kept;
    }

    /** Adds a sequence whose window includes positions of a block. */
    void retain(Block block) {
        block.windowReferences++;
    }

    /** Removes a sequence whose window has left a block. */
    void release(Block block) {
        block.windowReferences--;
        block.windowUsed = ++uses;
    }

    /** Releases the blocks of a sequence before the window of a token. */
    void leave(Sequence sequence, int position) {
        int from = Math.min(limits.firstSeen(position), sequence.blocks.size());
        while (sequence.windowFrom < from) {
            release(sequence.blocks.get(sequence.windowFrom++));
        }
    }

    /** {@return the number of blocks outside the windows of all running sequences} */
    int unused() {
        return free.size()
                + (int) held.stream()
                        .filter(block -> holds(block) && block.windowReferences == 0)
                        .count();
    }
}
