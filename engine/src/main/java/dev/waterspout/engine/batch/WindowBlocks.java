package dev.waterspout.engine.batch;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * The blocks of the KV cache in layers with a sliding window, where there are fewer of them than in the other layers. A
 * running sequence keeps those that its next token sees. What it has left behind stays until another block needs the
 * room; what was left longest ago goes first. There are as many as all running sequences can need, so none waits for
 * one. Where there are as many as in the other layers, a block has the same number in both.
 */
final class WindowBlocks {
    private final BatchLimits limits;
    private final Collection<Block> held;
    private final Deque<Integer> free = new ArrayDeque<>();
    private long uses;

    /**
     * @param limits of the cache
     * @param held all blocks that hold something
     */
    WindowBlocks(BatchLimits limits, Collection<Block> held) {
        this.limits = limits;
        this.held = held;
        for (int number = 0; number < (limits.keepsWindows() ? limits.windowedBlocks() : 0); number++) {
            free.add(number);
        }
    }

    /** Gives a new block a place, with one reference. */
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

    /** Takes a block's place away. */
    void take(Block block) {
        if (limits.keepsWindows() && holds(block)) {
            free.addFirst(block.windowed);
            block.windowed = -1;
        }
    }

    /** {@return whether layers with a window hold a block too} */
    boolean holds(Block block) {
        return block.windowed >= 0;
    }

    /** {@return how many of the first blocks of a text can be shared: the window before the last one's end is there} */
    int kept(List<Block> blocks) {
        int kept = blocks.size();
        while (kept > 0
                && !blocks.subList(limits.firstSeen(kept * limits.blockSize()), kept).stream()
                        .allMatch(this::holds)) {
            kept--;
        }
        return kept;
    }

    /** A sequence sees positions of a block. */
    void retain(Block block) {
        block.windowReferences++;
    }

    /** A sequence no longer sees positions of a block. */
    void release(Block block) {
        block.windowReferences--;
        block.windowUsed = ++uses;
    }

    /** Releases the blocks of a sequence that a token no longer sees. */
    void leave(Sequence sequence, int position) {
        int from = Math.min(limits.firstSeen(position), sequence.blocks.size());
        while (sequence.windowFrom < from) {
            release(sequence.blocks.get(sequence.windowFrom++));
        }
    }

    /** {@return how many blocks no running sequence sees} */
    int unused() {
        return free.size()
                + (int) held.stream()
                        .filter(block -> holds(block) && block.windowReferences == 0)
                        .count();
    }
}
