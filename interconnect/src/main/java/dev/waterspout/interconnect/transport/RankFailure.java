package dev.waterspout.interconnect.transport;

import dev.waterspout.interconnect.InterconnectException;

/** How a rank's failure reads to the others. */
public final class RankFailure {
    private RankFailure() {}

    /**
     * Returns what every rank throws.
     *
     * @param rank that cannot go on
     * @param cause why
     */
    public static InterconnectException of(int rank, Throwable cause) {
        String why = cause instanceof InterconnectException ? cause.getMessage() : cause.toString();
        return new InterconnectException("rank " + rank + " failed: " + why, cause);
    }
}
