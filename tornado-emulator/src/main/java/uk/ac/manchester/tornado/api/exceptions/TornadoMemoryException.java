package uk.ac.manchester.tornado.api.exceptions;

import java.io.Serial;

/** An array cannot be mapped or reached. */
public class TornadoMemoryException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** With a message. */
    public TornadoMemoryException(String message) {
        super(message);
    }
}
