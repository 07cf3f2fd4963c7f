package dev.waterspout.engine.generate;

import java.util.List;

/**
 * A token that was chosen, and how likely the model found it before adjustments, constraint, filters and temperature.
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
     * A token that could have been chosen.
     *
     * @param token its id
     * @param logProbability natural logarithm of its probability
     */
    public record Candidate(int token, double logProbability) {}
}
