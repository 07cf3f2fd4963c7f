package dev.waterspout.engine.perplexity;

import org.jspecify.annotations.Nullable;

/**
 * How one run did.
 *
 * @param nll negative log-likelihood of the right token; its {@link Mean#exp} is the perplexity
 * @param tokens that went through the forward pass
 * @param seconds that took, without the comparison of logits
 * @param divergence from the first run; null for that one itself
 */
public record RunScore(
        Mean nll, long tokens, double seconds, @Nullable Divergence divergence) {
    /** Returns the speed. */
    public double tokensPerSecond() {
        return tokens / seconds;
    }
}
