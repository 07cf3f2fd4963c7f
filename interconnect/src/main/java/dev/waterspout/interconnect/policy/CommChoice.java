package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.WireFormat;

/**
 * The algorithm, format and chunking of an exchange.
 *
 * @param algorithm the collective
 * @param format the wire format of partials
 * @param chunkRows rows in one message, at least 1; more are cut into chunks that overlap
 */
public record CommChoice(Algorithm algorithm, WireFormat format, int chunkRows) {
    /** The value of {@link #chunkRows} for an exchange that is not cut. */
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
     * @param other the wire format of partials
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
