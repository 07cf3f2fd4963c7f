package dev.waterspout.engine.jinja;

/** Counts what one rendering costs and ends it at its limits. */
final class Budget {
    private final RenderLimits limits;
    private long steps;
    private int depth;

    Budget(RenderLimits limits) {
        this.limits = limits;
    }

    /** Counts steps, or characters produced. */
    void spend(long count) {
        steps += count;
        if (steps > limits.steps()) {
            throw new JinjaException("the chat template takes more than " + limits.steps() + " steps");
        }
    }

    /** Goes one level down; {@link #leave} goes up again. */
    void enter() {
        spend(1);
        if (++depth > limits.depth()) {
            throw new JinjaException("the chat template nests deeper than " + limits.depth() + " levels");
        }
    }

    void leave() {
        depth--;
    }

    void checkOutput(int length) {
        if (length > limits.output()) {
            throw new JinjaException("the chat template writes more than " + limits.output() + " characters");
        }
    }

    /** Returns a text that an operation produced, its characters counted as steps. */
    MarkedText produced(MarkedText text) {
        spend(text.length());
        checkOutput(text.length());
        return text;
    }
}
