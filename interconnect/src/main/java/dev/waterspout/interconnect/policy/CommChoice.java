package dev.waterspout.interconnect.policy;

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

    /** Checks the chunk. */
    public CommChoice {
        if (chunkRows < 1) {
            throw new IllegalArgumentException("chunks of " + chunkRows + " rows; it must be at least 1");
        }
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
