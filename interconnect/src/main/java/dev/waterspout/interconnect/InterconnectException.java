package dev.waterspout.interconnect;

/** A message between ranks was lost, late, damaged or not the one that was expected. The message names both sides. */
public final class InterconnectException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence that names the ranks, the value and what is allowed */
    public InterconnectException(String message) {
        super(message);
    }

    /**
     * @param message one sentence that names the rank that failed
     * @param cause why it failed
     */
    public InterconnectException(String message, Throwable cause) {
        super(message, cause);
    }
}
