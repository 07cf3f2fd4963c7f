package dev.waterspout.engine.model;

/**
 * Scaling of queries by position, which keeps attention sharp in long contexts. The factor of a query at position p is
 * {@code 1 + scale x ln(1 + floor(p / step))}.
 *
 * @param scale scale of the logarithm; 0 for none
 * @param step positions from one factor to the next, at least 1
 */
public record Temperature(double scale, int step) {
    /** No scaling. */
    public static final Temperature NONE = new Temperature(0, 1);

    /** Returns the factor of a query. */
    public float factor(int position) {
        int steps = position / step;
        return (float) (1 + scale * Math.log1p(steps));
    }
}
