package dev.waterspout.engine.model;

import dev.waterspout.engine.gguf.Printable;

/**
 * A model file is well-formed, but it is not a model that this engine can run. The message says what is missing or
 * unknown.
 */
public final class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence that names the thing, the value and what is allowed */
    public ModelException(String message) {
        super(Printable.line(message));
    }
}
