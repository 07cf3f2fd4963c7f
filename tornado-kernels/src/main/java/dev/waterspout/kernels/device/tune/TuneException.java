package dev.waterspout.kernels.device.tune;

/** A kernel that cannot be tuned, because its default way does not work. */
public final class TuneException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TuneException(String message) {
        super(message);
    }
}
