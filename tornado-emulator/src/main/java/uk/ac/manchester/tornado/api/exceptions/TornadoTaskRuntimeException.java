package uk.ac.manchester.tornado.api.exceptions;

import java.io.Serial;

/** A task was declared wrongly. */
public class TornadoTaskRuntimeException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** With a message. */
    public TornadoTaskRuntimeException(String message) {
        super(message);
    }

    /** With a message and a cause. */
    public TornadoTaskRuntimeException(String message, Exception cause) {
        super(message, cause);
    }
}
