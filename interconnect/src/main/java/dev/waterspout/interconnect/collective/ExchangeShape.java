package dev.waterspout.interconnect.collective;

/**
 * The sizes of a collective's exchanges.
 *
 * @param maxRows largest number of tokens in one exchange
 * @param columns elements of a partial's row, the model's width
 * @param chunkRows largest number of rows in one message; more rows are divided into several messages, so that one is
 *     encoded while another is sent and a third is summed
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

    /** Returns the largest number of rows in one message. */
    int messageRows() {
        return Math.min(maxRows, chunkRows);
    }

    /**
     * Divides an exchange into chunks of nearly equal size.
     *
     * @param exchange number of the exchange
     * @param rows tokens
     * @param unit number of rows that stay in one chunk, so that as many ranks get equal parts of a chunk; chunks may
     *     be larger because of it
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
     * Returns the number of chunks of an exchange.
     *
     * @param rows tokens, at least 1
     * @param chunkRows rows of a chunk
     * @param unit number of rows that stay in one chunk
     */
    public static int chunkCount(int rows, int chunkRows, int unit) {
        return Math.min(Math.ceilDiv(rows, unit), Math.ceilDiv(rows, chunkRows));
    }
}
