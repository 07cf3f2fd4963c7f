package dev.waterspout.engine.plan;

/** A division of a model among ranks that is not possible. */
public final class PlanException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence that names the value and what is allowed */
    public PlanException(String message) {
        super(message);
    }
}
