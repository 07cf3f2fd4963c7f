package dev.waterspout.engine.logits;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** The most likely tokens of a vocabulary in their exact order, and their share of the total probability. */
public final class Ranking {
    /** Bound of the relative error of a sum in f64. */
    private static final double F64_ERROR = 1e-9;

    private final long[] keys;
    private final boolean whole;
    private final DoubleUnaryOperator totals;
    private final double error;

    /**
     * @param keys keys of the tokens by {@link LikeliestTokens}, the most likely first
     * @param whole whether they are all that may be chosen
     * @param totals where they are not: from a temperature to the sum of {@code exp((logit - first) / temperature)} of
     *     all tokens that may be chosen, where first is the most likely token's logit
     * @param error bound of the relative error of the totals
     */
    Ranking(long[] keys, boolean whole, DoubleUnaryOperator totals, double error) {
        this.keys = keys;
        this.whole = whole;
        this.totals = totals;
        this.error = error;
    }

    /**
     * Returns the ranking of all tokens that may be chosen.
     *
     * @param keys keys of the tokens by {@link LikeliestTokens}, the most likely first
     */
    public static Ranking whole(long... keys) {
        return new Ranking(keys.clone(), true, _ -> Double.NaN, 0);
    }

    /**
     * Returns the most likely tokens of all.
     *
     * @param logits logits by token; not changed
     * @param count the largest number of results
     */
    public static Ranking top(float[] logits, int count) {
        LikeliestTokens likeliest = new LikeliestTokens(count);
        likeliest.offer(logits, logits.length, 0);
        long[] keys = likeliest.ranked();
        return new Ranking(
                keys,
                keys.length < count || count >= logits.length,
                temperature -> {
                    double first = LikeliestTokens.logit(keys[0]);
                    double sum = 0;
                    for (float logit : logits) {
                        sum += Math.exp((logit - first) / temperature);
                    }
                    return sum;
                },
                F64_ERROR);
    }

    /** Returns how many tokens it has. */
    public int size() {
        return keys.length;
    }

    /** Returns whether its tokens are all that may be chosen. */
    public boolean isWhole() {
        return whole;
    }

    /**
     * Returns the id of a token.
     *
     * @param place index in the ranking, from 0 for the most likely token
     */
    public int id(int place) {
        return LikeliestTokens.id(keys[place]);
    }

    /**
     * Returns the logit of a token.
     *
     * @param place index in the ranking, from 0 for the most likely token
     */
    public float logit(int place) {
        return LikeliestTokens.logit(keys[place]);
    }

    /**
     * Returns the first tokens, taken for all that may be chosen.
     *
     * @param count largest number of results
     */
    public Ranking first(int count) {
        return whole(Arrays.copyOf(keys, Math.min(count, keys.length)));
    }

    /**
     * Returns unnormalized probabilities, 1 for the most likely token.
     *
     * @param temperature divides the logits
     */
    public double[] odds(double temperature) {
        double[] odds = new double[keys.length];
        double first = logit(0);
        for (int i = 0; i < odds.length; i++) {
            odds[i] = i == 0 ? 1 : Math.exp((logit(i) - first) / temperature);
        }
        return odds;
    }

    /**
     * Returns the sum of the odds of all tokens that may be chosen.
     *
     * @param odds probabilities of the ranking's tokens
     * @param temperature temperature of the sums
     */
    public double sum(double[] odds, double temperature) {
        return whole ? Arrays.stream(odds).sum() : totals.applyAsDouble(temperature);
    }

    /**
     * Returns how far from the exact sum the one of {@link #sum} may be: 0 if all tokens are known.
     *
     * @param sum sum of odds
     */
    public double slack(double sum) {
        return whole ? 0 : sum * error;
    }
}
