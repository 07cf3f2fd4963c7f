package dev.waterspout.engine.lab.search;

import dev.waterspout.engine.lab.capture.PartialListener;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Partials of every exchange of a forward pass and of every rank: the first rows, up to a limit. */
final class PartialSample implements PartialListener {
    private final int width;
    private final int maxRows;
    private final MemorySegment[][] partials;
    private final int[][] rows;

    /**
     * @param exchanges exchanges of a forward pass
     * @param ranks ranks of the group
     * @param maxRows largest number of tokens
     * @param width width of the model
     * @param arena owner of the sample
     */
    PartialSample(int exchanges, int ranks, int maxRows, int width, Arena arena) {
        this.width = width;
        this.maxRows = maxRows;
        this.partials = new MemorySegment[exchanges][ranks];
        this.rows = new int[exchanges][ranks];
        for (MemorySegment[] each : partials) {
            Arrays.setAll(each, rank -> arena.allocate((long) maxRows * width * Float.BYTES, 64));
        }
    }

    @Override
    public void partial(int rank, int exchange, MemorySegment partial, int count) {
        int from = rows[exchange][rank];
        int some = Math.min(count, maxRows - from);
        long rowBytes = (long) width * Float.BYTES;
        MemorySegment.copy(partial, 0, partials[exchange][rank], from * rowBytes, some * rowBytes);
        rows[exchange][rank] = from + some;
    }

    int exchanges() {
        return partials.length;
    }

    int width() {
        return width;
    }

    /** {@return the number of rows of every rank} */
    int rows() {
        return rows[0][0];
    }

    /** {@return f32 {@code [rows][width]} of every rank, in rank order} */
    MemorySegment[] of(int exchange) {
        return partials[exchange];
    }
}
