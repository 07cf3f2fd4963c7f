package dev.waterspout.kernels.machine;

/** Machine code cannot run here; the message names the cause: processor, system or memory. */
public final class NoMachineCodeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoMachineCodeException(String message) {
        super(message);
    }
}
