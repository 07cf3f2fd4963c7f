package dev.waterspout.interconnect.transport;

import dev.waterspout.interconnect.InterconnectException;

/** The exception that a rank's failure causes on the others. */
public final class RankFailure {
    private static final String OWN = "dev.waterspout.";

    private RankFailure() {}

    /**
     * Returns the exception that every rank throws.
     *
     * @param rank the rank that failed
     * @param cause why
     */
    public static InterconnectException of(int rank, Throwable cause) {
        // Messages of this program's exceptions are whole sentences. Those of others need the name of the exception.
        String message = cause.getMessage();
        boolean own = message != null && cause.getClass().getName().startsWith(OWN);
        String why = own ? message : cause.toString();
        return new InterconnectException("rank " + rank + " failed: " + why, cause);
    }
}
