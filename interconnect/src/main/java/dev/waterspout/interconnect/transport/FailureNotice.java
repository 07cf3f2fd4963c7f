package dev.waterspout.interconnect.transport;

import dev.waterspout.interconnect.InterconnectException;

/** How a rank's failure reads to the others. */
final class FailureNotice {
    private FailureNotice() {}

    static InterconnectException of(int rank, Throwable cause) {
        String why = cause instanceof InterconnectException ? cause.getMessage() : cause.toString();
        return new InterconnectException("rank " + rank + " failed: " + why, cause);
    }
}
