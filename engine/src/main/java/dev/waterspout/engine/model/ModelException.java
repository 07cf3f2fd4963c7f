package dev.waterspout.engine.model;

import dev.waterspout.engine.gguf.Printable;

/**
 * A well-formed file that is not a model which this engine can run. The message names the missing or unsupported part.
 */
public final class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence that names the thing, the value and what is allowed */
    public ModelException(String message) {
        super(Printable.line(message));
    }
}
