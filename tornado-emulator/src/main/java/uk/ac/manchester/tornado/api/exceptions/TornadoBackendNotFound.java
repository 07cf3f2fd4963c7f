package uk.ac.manchester.tornado.api.exceptions;

import java.io.Serial;

/** There is no backend of that index. */
public class TornadoBackendNotFound extends TornadoRuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** With a message. */
    public TornadoBackendNotFound(String message) {
        super(message);
    }
}
