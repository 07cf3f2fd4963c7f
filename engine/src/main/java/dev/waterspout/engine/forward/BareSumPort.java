package dev.waterspout.engine.forward;

import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A port that produces the sum of the partials without the residual. Its target is filled with -0 before the sum is
 * added, because adding to -0 preserves every value, including -0.
 */
final class BareSumPort implements StagedPort {
    private final StagedPort adding;
    private final MemorySegment target;
    private final int columns;

    /**
     * @param adding adds the sum to the target
     * @param target f32 {@code [rows][columns]}
     * @param columns elements of a row
     */
    BareSumPort(StagedPort adding, MemorySegment target, int columns) {
        this.adding = adding;
        this.target = target;
        this.columns = columns;
    }

    @Override
    public WireFormat format() {
        return adding.format();
    }

    @Override
    public void encode(Tile tile, MemorySegment payload) {
        adding.encode(tile, payload);
    }

    @Override
    public long saturated(Tile tile, MemorySegment payload) {
        return adding.saturated(tile, payload);
    }

    /** Every tile is summed once per exchange. */
    @Override
    public void decodeSum(MemorySegment[] payloads, Tile tile) {
        clear(tile);
        adding.decodeSum(payloads, tile);
    }

    @Override
    public void reduce(MemorySegment[] payloads, Tile tile, MemorySegment payload) {
        adding.reduce(payloads, tile, payload);
    }

    @Override
    public void addOwn(int rows) {
        clear(new Tile(0, rows, 0, columns));
        adding.addOwn(rows);
    }

    private void clear(Tile tile) {
        for (int row = tile.row(); row < tile.row() + tile.rows(); row++) {
            long first = (long) row * columns + tile.column();
            for (long i = first; i < first + tile.columns(); i++) {
                target.setAtIndex(ValueLayout.JAVA_FLOAT, i, -0f);
            }
        }
    }
}
