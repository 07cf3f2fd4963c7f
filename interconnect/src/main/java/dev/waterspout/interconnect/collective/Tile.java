package dev.waterspout.interconnect.collective;

import java.util.Arrays;

/**
 * A rectangle of a partial: what one message carries.
 *
 * @param row first row (token)
 * @param rows rows, 0 or more
 * @param column first column
 * @param columns elements of a row, 0 or more
 */
public record Tile(int row, int rows, int column, int columns) {
    /** Whole rows lie together, and are worth a largest part that is so many times as large. */
    private static final double EVEN = 1.05;

    /** Returns whether there is nothing in it. */
    public boolean isEmpty() {
        return rows == 0 || columns == 0;
    }

    /**
     * Cuts this tile into one part per rank, which cover it without overlap: by rows, unless columns are much more
     * even, for all wait for the rank with the largest part. Parts may be empty.
     *
     * @param ranks number of parts
     * @param unit elements that must stay together in a row
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
