package dev.waterspout.engine.http.transport;

/** The client has closed its connection, or has read nothing within the time limit. */
public final class ClientGoneException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence */
    public ClientGoneException(String message) {
        super(message);
    }
}
