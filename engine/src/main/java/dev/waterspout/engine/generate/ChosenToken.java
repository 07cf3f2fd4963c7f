package dev.waterspout.engine.generate;

import java.util.List;

/**
 * A chosen token, and its probability before adjustments, constraint, filters and temperature.
 *
 * @param token its id
 * @param logProbability natural logarithm of its probability
 * @param likeliest the most likely tokens at its place, the most likely first
 */
public record ChosenToken(int token, double logProbability, List<Candidate> likeliest) {
    /** Copies the list. */
    public ChosenToken {
        likeliest = List.copyOf(likeliest);
    }

    /**
     * An alternative to the chosen token.
     *
     * @param token its id
     * @param logProbability natural logarithm of its probability
     */
    public record Candidate(int token, double logProbability) {}
}
