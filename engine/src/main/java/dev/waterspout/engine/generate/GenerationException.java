package dev.waterspout.engine.generate;

/** A prompt cannot be continued as asked. The message has the numbers. */
public final class GenerationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence that names the value and what is allowed */
    public GenerationException(String message) {
        super(message);
    }
}
