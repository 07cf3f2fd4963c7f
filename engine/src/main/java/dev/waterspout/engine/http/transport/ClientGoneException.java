package dev.waterspout.engine.http.transport;

/** A client left, or does not read. */
public final class ClientGoneException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence */
    public ClientGoneException(String message) {
        super(message);
    }
}
