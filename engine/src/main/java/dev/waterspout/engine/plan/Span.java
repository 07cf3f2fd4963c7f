package dev.waterspout.engine.plan;

/**
 * A run of whole units: heads, FFN columns or vocabulary rows.
 *
 * @param from index of the first unit
 * @param to index after the last unit
 */
public record Span(int from, int to) {
    /** Checks the bounds. */
    public Span {
        if (from < 0 || to < from) {
            throw new IllegalArgumentException(
                    "span from " + from + " to " + to + "; its end must not be before its beginning");
        }
    }

    /** Returns the number of units. */
    public int size() {
        return to - from;
    }

    /**
     * Returns the same run in finer units.
     *
     * @param factor number of the finer units in one of these
     */
    public Span times(int factor) {
        return new Span(from * factor, to * factor);
    }
}
