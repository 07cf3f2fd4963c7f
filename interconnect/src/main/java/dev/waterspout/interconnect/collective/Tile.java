package dev.waterspout.interconnect.collective;

import java.util.Arrays;

/**
 * A rectangle of a partial, which is the content of one message.
 *
 * @param row first row (token)
 * @param rows rows, 0 or more
 * @param column first column
 * @param columns elements of a row, 0 or more
 */
public record Tile(int row, int rows, int column, int columns) {
    /**
     * Whole rows are contiguous in memory, so a division by rows is chosen if its largest part is at most this
     * multiple of that of a division by columns.
     */
    private static final double EVEN = 1.05;

    /** Returns whether the tile has no elements. */
    public boolean isEmpty() {
        return rows == 0 || columns == 0;
    }

    /**
     * Divides this tile into one part per rank, without overlap. The division is by rows, unless one by columns is
     * much more even, because all ranks wait for the rank with the largest part. Parts may be empty.
     *
     * @param ranks number of parts
     * @param unit number of elements of a row that stay in one part
     */
    Tile[] split(int ranks, int unit) {
        Tile[] parts = new Tile[ranks];
        int units = Math.ceilDiv(columns, unit);
        long largestByRows = Math.ceilDiv(rows, ranks) * (long) columns;
        long largestByColumns = Math.min(columns, Math.ceilDiv(units, ranks) * (long) unit) * rows;
        if (largestByRows <= EVEN * largestByColumns) {
            Arrays.setAll(parts, rank -> {
                int from = share(rows, rank, ranks);
                return new Tile(row + from, share(rows, rank + 1, ranks) - from, column, columns);
            });
        } else {
            Arrays.setAll(parts, rank -> {
                int from = Math.min(columns, share(units, rank, ranks) * unit);
                int to = Math.min(columns, share(units, rank + 1, ranks) * unit);
                return new Tile(row, rows, column + from, to - from);
            });
        }
        return parts;
    }

    private static int share(int count, int rank, int ranks) {
        return (int) ((long) count * rank / ranks);
    }
}
