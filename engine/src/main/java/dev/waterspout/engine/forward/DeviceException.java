package dev.waterspout.engine.forward;

/** A requested device does not exist or cannot be used. The message names it. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence that names the device and what is allowed */
    public DeviceException(String message) {
        super(message);
    }

    /**
     * @param message one sentence that names the device and what is allowed
     * @param cause the failure of the device's runtime
     */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
