package dev.waterspout.engine.cli.hub;

import dev.waterspout.engine.gguf.Printable;
import java.io.IOException;

/** A model that the hub does not have, or that could not be downloaded. */
public final class HubException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence that names the model or the address; control characters in it are escaped */
    HubException(String message) {
        super(Printable.line(message));
    }

    /**
     * Reports a failure that was caused by another one.
     *
     * @param message see above
     * @param cause the failure of the network or the file system
     */
    HubException(String message, Throwable cause) {
        super(Printable.line(message), cause);
    }
}
