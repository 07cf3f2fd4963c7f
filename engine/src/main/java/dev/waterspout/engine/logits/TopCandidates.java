package dev.waterspout.engine.logits;

import java.util.List;

/**
 * A rank's answer to a request that names no tokens.
 *
 * @param least the smallest logit
 * @param most the largest logit
 * @param sums for every temperature T of the request, the sum of {@code exp((logit - most) / T)} of the rank's tokens
 * @param error bound of the relative error of the sums
 * @param keys keys of the rank's most likely tokens by {@link LikeliestTokens}, the most likely first
 */
public record TopCandidates(float least, float most, List<Double> sums, double error, List<Long> keys) {
    /** Copies the lists. */
    public TopCandidates {
        sums = List.copyOf(sums);
        keys = List.copyOf(keys);
    }
}
