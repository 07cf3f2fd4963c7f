package dev.waterspout.engine.lab.search;

import dev.waterspout.interconnect.policy.Algorithm;

/**
 * The budget and the extent of a search.
 *
 * @param budgetPercent largest increase of perplexity in percent, its standard error included
 * @param ranks number of equal shards of the model
 * @param algorithm the collective
 * @param threads threads of all ranks together
 * @param sampleRows tokens whose partials are captured
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
            throw new IllegalArgumentException("a search for " + ranks + " ranks; there must be at least 2");
        }
        if (sampleRows < 1 || candidates < 2) {
            throw new IllegalArgumentException("a sample of " + sampleRows + " tokens and " + candidates
                    + " candidates; at least 1 and 2 are needed");
        }
    }
}
