package dev.waterspout.engine.jinja;

/** Counts what one rendering costs and ends it at its limits. */
final class Budget {
    private static final int STEPS_OF_ITEM = 8;
    private static final int COMPARISONS_OF_STEP = 16;

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

    /** Counts the items of a new list, which takes memory. */
    void items(long count) {
        spend(STEPS_OF_ITEM * count);
    }

    /** Counts a search: at worst every character of the text is compared with every one of what is wanted. */
    void search(MarkedText text, String wanted) {
        spend(text.length() + (long) text.length() * wanted.length() / COMPARISONS_OF_STEP);
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
