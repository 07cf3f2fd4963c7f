package dev.waterspout.engine.search;

import java.util.List;
import java.util.Optional;

/**
 * What a search found.
 *
 * @param tried how many block formats were compared by the error of their sums
 * @param trials of all those whose perplexity was measured, each one format everywhere or a mixture
 * @param baselines other ways to compress, measured the same way
 * @param winner the fewest bits within the budget
 */
public record SearchResult(int tried, List<Trial> trials, List<Trial> baselines, Optional<Trial> winner) {
    /** Copies the lists. */
    public SearchResult {
        trials = List.copyOf(trials);
        baselines = List.copyOf(baselines);
    }

    /** Returns the trials that no other beats in bits and in perplexity both, the fewest bits first. */
    public List<Trial> front() {
        return Trial.front(trials);
    }
}
