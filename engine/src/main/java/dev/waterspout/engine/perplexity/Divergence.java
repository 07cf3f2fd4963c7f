package dev.waterspout.engine.perplexity;

/**
 * What a run does differently from the run it is compared with, token by token on the same text. All logarithms are natural.
 *
 * @param logRatio of the other run's probability of the right token to this one's; its {@link Mean#exp} is the ratio of
 *     perplexities
 * @param kl the Kullback-Leibler divergence of this run's distribution from the other's
 * @param kl99 the 99th percentile of it
 * @param sameTop 1 where both runs find the same token most likely, else 0
 */
public record Divergence(Mean logRatio, Mean kl, double kl99, Mean sameTop) {
    /** Returns how much larger this run's perplexity is, in percent. */
    public double increasePercent() {
        return 100 * Math.expm1(logRatio.value());
    }

    /** Returns the standard error of {@link #increasePercent}. */
    public double increaseErrorPercent() {
        return 100 * logRatio.expError();
    }
}
