package dev.waterspout.engine.api;

import java.util.List;

/**
 * How likely a model finds a text.
 *
 * @param tokens the text's, the one that begins it included
 * @param logProbabilities natural logarithms, of every token but the first
 */
public record Score(List<Integer> tokens, List<Double> logProbabilities) {
    /** Copies the lists. */
    public Score {
        tokens = List.copyOf(tokens);
        logProbabilities = List.copyOf(logProbabilities);
    }

    /** Returns the exponential of the mean negative log-probability. */
    public double perplexity() {
        double sum = logProbabilities.stream().mapToDouble(Double::doubleValue).sum();
        return Math.exp(-sum / logProbabilities.size());
    }
}
