package dev.waterspout.engine.plan;

/** The ranks asked for cannot hold the model. The message has the numbers. */
public final class PlanException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence that names the value and what is allowed */
    public PlanException(String message) {
        super(message);
    }
}
