package uk.ac.manchester.tornado.api.exceptions;

import java.io.Serial;

/** A graph, a task or a kernel is wrong. */
public class TornadoRuntimeException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** With a message. */
    public TornadoRuntimeException(String message) {
        super(message);
    }

    /** With a cause. */
    public TornadoRuntimeException(Exception cause) {
        super(cause);
    }
}
