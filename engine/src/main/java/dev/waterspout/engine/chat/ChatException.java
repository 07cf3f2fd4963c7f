package dev.waterspout.engine.chat;

/** A conversation that a model cannot answer. The message is one sentence that names the cause. */
public final class ChatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence */
    public ChatException(String message) {
        super(message);
    }

    /**
     * @param message one sentence
     * @param cause the failure behind this one
     */
    public ChatException(String message, Throwable cause) {
        super(message, cause);
    }
}
