package dev.waterspout.engine.search;

import dev.waterspout.interconnect.policy.Algorithm;

/**
 * What a search looks for, and how long.
 *
 * @param budgetPercent the most that a format may add to perplexity, its standard error included
 * @param ranks that the model is divided over, equally
 * @param algorithm the collective
 * @param threads of all ranks together
 * @param sampleRows tokens whose partials are looked at
 * @param candidates block formats whose perplexity is measured
 */
public record SearchSettings(
        double budgetPercent, int ranks, Algorithm algorithm, int threads, int sampleRows, int candidates) {
    /** Checks the ranges. */
    public SearchSettings {
        if (!(budgetPercent > 0)) {
            throw new IllegalArgumentException("budget of " + budgetPercent + " %; it must be above 0");
        }
        if (ranks < 2) {
            throw new IllegalArgumentException("a search for " + ranks + " ranks; they exchange from 2 on");
        }
        if (sampleRows < 1 || candidates < 2) {
            throw new IllegalArgumentException("a sample of " + sampleRows + " tokens and " + candidates
                    + " candidates; at least 1 and 2 are needed");
        }
    }
}
