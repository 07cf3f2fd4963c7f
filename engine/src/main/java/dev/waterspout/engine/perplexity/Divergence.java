package dev.waterspout.engine.perplexity;

/**
 * The difference of a run from a base run, token by token on the same text. All logarithms are natural.
 *
 * @param logRatio log of the base run's probability of the right token over this run's; its {@link Mean#exp} is the
 *     ratio of perplexities
 * @param kl Kullback-Leibler divergence of this run's distribution from the base run's
 * @param kl99 the 99th percentile of it
 * @param sameTop 1 where the likeliest token of both runs is the same, else 0
 */
public record Divergence(Mean logRatio, Mean kl, double kl99, Mean sameTop) {
    /** Returns the increase of this run's perplexity over the base run's, in percent. */
    public double increasePercent() {
        return 100 * Math.expm1(logRatio.value());
    }

    /** Returns the standard error of {@link #increasePercent}. */
    public double increaseErrorPercent() {
        return 100 * logRatio.expError();
    }
}
