package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;

/**
 * How an exchange is done.
 *
 * @param algorithm the collective
 * @param format what partials travel as
 * @param chunkRows rows in one message, at least 1; more are cut into chunks that overlap
 */
public record CommChoice(Algorithm algorithm, WireFormat format, int chunkRows) {
    /** Rows in one message where nothing is to be cut. */
    public static final int UNCUT = Integer.MAX_VALUE;

    /**
     * Encoded bytes of a usual chunk, for links of about 1 Gbit/s. Smaller ones cost more than
     * they hide, larger ones hide little of a message of 0.5 MB; what is not compressed wants larger ones.
     */
    private static final long CHUNK_BYTES = 64 << 10;

    private static final long PLAIN_CHUNK_BYTES = 256 << 10;

    /** Checks the chunk. */
    public CommChoice {
        if (chunkRows < 1) {
            throw new IllegalArgumentException("chunks of " + chunkRows + " rows; it must be at least 1");
        }
    }

    /**
     * Returns the choice with chunks that suit most links.
     *
     * @param algorithm the collective
     * @param format what partials travel as
     * @param columns elements of a row
     */
    public static CommChoice inChunks(Algorithm algorithm, WireFormat format, int columns) {
        return new CommChoice(algorithm, format, usualRows(format, columns));
    }

    /**
     * Returns the rows of a usual chunk.
     *
     * @param format what partials travel as
     * @param columns elements of a row
     */
    public static int usualRows(WireFormat format, int columns) {
        long bytes = format instanceof PlainFormat ? PLAIN_CHUNK_BYTES : CHUNK_BYTES;
        return (int) Math.max(1, bytes / format.rowBytes(columns));
    }

    /**
     * Returns this choice with another format.
     *
     * @param other what partials travel as
     */
    public CommChoice withFormat(WireFormat other) {
        return new CommChoice(algorithm, other, chunkRows);
    }

    @Override
    public String toString() {
        return algorithm.label() + " " + format.label()
                + (chunkRows == UNCUT ? "" : " in chunks of " + chunkRows + " rows");
    }
}
