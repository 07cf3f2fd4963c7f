package dev.waterspout.engine.generate;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.batch.Step.Chunk;
import dev.waterspout.engine.batch.Step.TableChange;
import dev.waterspout.engine.forward.SequenceRows;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/** The KV cache blocks of the sequence in each slot, after the steps so far. */
final class BlockTables {
    private final Map<Integer, Table> bySlot = new HashMap<>();

    /**
     * Blocks of a sequence's positions, in order.
     *
     * @param blocks table of layers that keep all positions
     * @param windowed table of layers with a sliding window; the same array if they have the same blocks
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Table(int[] blocks, int[] windowed) {}

    /** Applies a change of a table. */
    void apply(TableChange change) {
        Table before = bySlot.getOrDefault(change.slot(), new Table(new int[0], new int[0]));
        int[] blocks = changed(before.blocks, change.index(), change.blocks());
        int[] windowed =
                change.windowed().isEmpty() ? blocks : changed(before.windowed, change.index(), change.windowed());
        bySlot.put(change.slot(), new Table(blocks, windowed));
    }

    private static int[] changed(int[] before, int index, List<Integer> entries) {
        int[] after = Arrays.copyOf(before, index + entries.size());
        for (int i = 0; i < entries.size(); i++) {
            after[index + i] = entries.get(i);
        }
        return after;
    }

    /** {@return the rows of a chunk with the blocks of its slot} */
    SequenceRows rows(Chunk chunk) {
        Table table = Objects.requireNonNull(bySlot.get(chunk.slot()));
        int[] tokens = chunk.tokens().stream().mapToInt(Integer::intValue).toArray();
        return new SequenceRows(tokens, chunk.position(), table.blocks, table.windowed);
    }

    /**
     * {@return the table of a text that uses the whole cache} In layers with a sliding window it uses the blocks in
     * rotation.
     *
     * @param positions number of positions of the text
     */
    static TableChange ofOne(BatchLimits limits, int positions) {
        int blocks = limits.blocksFor(positions);
        return new TableChange(
                0,
                0,
                IntStream.range(0, blocks).boxed().toList(),
                limits.keepsWindows()
                        ? IntStream.range(0, blocks)
                                .mapToObj(block -> block % limits.windowedBlocks())
                                .toList()
                        : List.of());
    }
}
