package dev.waterspout.interconnect.transport;

import dev.waterspout.interconnect.InterconnectException;

/** The exception that a rank's failure causes on the others. */
public final class RankFailure {
    private RankFailure() {}

    /**
     * Returns the exception that every rank throws.
     *
     * @param rank that cannot go on
     * @param cause why
     */
    public static InterconnectException of(int rank, Throwable cause) {
        String why = cause instanceof InterconnectException ? cause.getMessage() : cause.toString();
        return new InterconnectException("rank " + rank + " failed: " + why, cause);
    }
}
