package uk.ac.manchester.tornado.api.exceptions;

import java.io.Serial;

/** A device or its driver failed. */
public class TornadoBailoutRuntimeException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** With a message. */
    public TornadoBailoutRuntimeException(String message) {
        super(message);
    }

    /** With a message and a cause. */
    public TornadoBailoutRuntimeException(String message, Exception cause) {
        super(message, cause);
    }
}
