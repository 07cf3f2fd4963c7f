package dev.waterspout.engine.lab.search;

import java.util.List;
import java.util.Optional;

/**
 * The result of a search.
 *
 * @param tried number of block formats that were compared by the error of their sums
 * @param trials all candidates whose perplexity was measured; each is one format everywhere or a mixture
 * @param baselines other formats, measured in the same way
 * @param winner the fewest bits within the budget
 */
public record SearchResult(int tried, List<Trial> trials, List<Trial> baselines, Optional<Trial> winner) {
    /** Copies the lists. */
    public SearchResult {
        trials = List.copyOf(trials);
        baselines = List.copyOf(baselines);
    }

    /** Returns the Pareto front of bits and perplexity, by ascending bits. */
    public List<Trial> front() {
        return Trial.front(trials);
    }
}
