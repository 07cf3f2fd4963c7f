package dev.waterspout.engine.grammar;

/**
 * A grammar or a schema that is malformed, unsupported or too large. The message is one sentence that names the cause.
 */
public final class GrammarException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence */
    public GrammarException(String message) {
        super(message);
    }
}
