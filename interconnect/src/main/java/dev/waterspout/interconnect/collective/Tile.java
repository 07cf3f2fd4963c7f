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
    /** Fewer rows per rank than this are not dealt out by rows: one row more or less would be felt. */
    private static final int EVEN_ROWS = 4;

    /** Returns whether there is nothing in it. */
    public boolean isEmpty() {
        return rows == 0 || columns == 0;
    }

    /**
     * Cuts this tile into one part per rank, which cover it without overlap: by rows where there are many, else by
     * columns. Parts may be empty.
     *
     * @param ranks how many parts
     * @param unit elements that must stay together in a row
     */
    Tile[] split(int ranks, int unit) {
        Tile[] parts = new Tile[ranks];
        if (rows % ranks == 0 || rows >= EVEN_ROWS * ranks) {
            Arrays.setAll(parts, rank -> {
                int from = share(rows, rank, ranks);
                return new Tile(row + from, share(rows, rank + 1, ranks) - from, column, columns);
            });
        } else {
            int units = Math.ceilDiv(columns, unit);
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
