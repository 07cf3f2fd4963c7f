package dev.waterspout.interconnect.collective;

/**
 * The sizes of the exchanges that a collective is made for.
 *
 * @param maxRows most tokens in one exchange
 * @param columns elements of a partial's row, the model's width
 * @param chunkRows rows that travel in one message; more are cut into several messages, so that one is encoded while
 *     another travels and a third is summed
 */
public record ExchangeShape(int maxRows, int columns, int chunkRows) {
    /** Checks the ranges. */
    public ExchangeShape {
        if (maxRows < 1 || columns < 1) {
            throw new IllegalArgumentException(
                    "exchanges of at most " + maxRows + " rows of " + columns + " columns; both must be at least 1");
        }
        if (chunkRows < 1) {
            throw new IllegalArgumentException("chunks of " + chunkRows + " rows; it must be at least 1");
        }
    }

    /** The most rows in one message. */
    int messageRows() {
        return Math.min(maxRows, chunkRows);
    }

    /**
     * Cuts an exchange into chunks of nearly equal size.
     *
     * @param exchange its number
     * @param rows tokens
     * @param unit rows that are not cut apart, so that each of so many ranks gets as many rows of a chunk; a chunk may
     *     be larger for it
     */
    Tile[] chunks(int exchange, int rows, int unit) {
        if (exchange < 0) {
            throw new IllegalArgumentException("exchange number " + exchange + "; it must be at least 0");
        }
        if (rows < 1 || rows > maxRows) {
            throw new IllegalArgumentException(rows + " rows in an exchange; allowed are 1 to " + maxRows);
        }
        int units = Math.ceilDiv(rows, unit);
        int count = chunkCount(rows, chunkRows, unit);
        Tile[] chunks = new Tile[count];
        for (int chunk = 0; chunk < count; chunk++) {
            int from = (int) ((long) units * chunk / count) * unit;
            int to = Math.min(rows, (int) ((long) units * (chunk + 1) / count) * unit);
            chunks[chunk] = new Tile(from, to - from, 0, columns);
        }
        return chunks;
    }

    /**
     * Returns how many chunks an exchange is cut into.
     *
     * @param rows tokens, at least 1
     * @param chunkRows rows of a chunk
     * @param unit rows that are not cut apart
     */
    public static int chunkCount(int rows, int chunkRows, int unit) {
        return Math.min(Math.ceilDiv(rows, unit), Math.ceilDiv(rows, chunkRows));
    }
}
