package dev.waterspout.kernels.device.tune;

/** A kernel cannot be tuned, because its default choice fails or gives a wrong result. */
public final class TuneException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TuneException(String message) {
        super(message);
    }
}
