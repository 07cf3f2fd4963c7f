package dev.waterspout.kernels.codec;

/** An encoded partial that no encoder writes: it was damaged, or is from a peer that does something else. */
public final class PayloadException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence that names the place, the value and what is allowed */
    public PayloadException(String message) {
        super(message);
    }
}
