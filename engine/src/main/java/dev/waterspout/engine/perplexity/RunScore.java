package dev.waterspout.engine.perplexity;

import org.jspecify.annotations.Nullable;

/**
 * The score of one run.
 *
 * @param nll negative log-likelihood of the right token; its {@link Mean#exp} is the perplexity
 * @param tokens number that went through the forward pass
 * @param seconds duration of the forward passes, without the comparison of logits
 * @param divergence divergence from the base run; null for the base run itself
 */
public record RunScore(
        Mean nll, long tokens, double seconds, @Nullable Divergence divergence) {
    /** Returns tokens per second. */
    public double tokensPerSecond() {
        return tokens / seconds;
    }
}
