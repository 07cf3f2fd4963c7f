package dev.waterspout.engine.api;

import java.util.List;

/**
 * The log-probabilities of a text.
 *
 * @param tokens tokens of the text, including the token that begins a text
 * @param logProbabilities natural logarithms of the probabilities of every token except the first
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
