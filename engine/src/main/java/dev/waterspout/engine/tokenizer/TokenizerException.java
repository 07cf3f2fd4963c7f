package dev.waterspout.engine.tokenizer;

import dev.waterspout.engine.gguf.Printable;

/** A vocabulary that is not understood, contradicts itself, or cannot express a text; the message names the field. */
public final class TokenizerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message one sentence that names the metadata key or the text, the value and what is allowed; control
     *     characters in it are escaped
     */
    public TokenizerException(String message) {
        super(Printable.line(message));
    }
}
