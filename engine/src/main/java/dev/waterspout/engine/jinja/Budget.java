package dev.waterspout.engine.jinja;

/** Counts the cost of one rendering and ends it at its limits. */
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

    /** Counts a search, whose worst case compares every character of the text with every character of the pattern. */
    void search(MarkedText text, String wanted) {
        spend(text.length() + (long) text.length() * wanted.length() / COMPARISONS_OF_STEP);
    }

    /** Enters a nesting level, which {@link #leave} ends. */
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

    /** Counts the characters of an operation's result as steps, and returns the result. */
    MarkedText produced(MarkedText text) {
        spend(text.length());
        checkOutput(text.length());
        return text;
    }
}
