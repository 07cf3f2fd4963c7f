package dev.waterspout.engine.api;

import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.generate.TokenConstraint;
import java.util.List;
import java.util.function.Supplier;

/**
 * Options of a reply.
 *
 * @param predict largest number of tokens of the reply; -1 for no limit but the context
 * @param sampling sampling parameters
 * @param stops texts that end the reply and are not part of it
 * @param constraint factory of the constraint on the reply's tokens
 * @param likeliest number of the most likely tokens recorded at each position; -1 to record no probability
 */
public record ChatOptions(
        int predict,
        SamplingParameters sampling,
        List<String> stops,
        Supplier<TokenConstraint> constraint,
        int likeliest) {
    /** Copies the list. */
    public ChatOptions {
        stops = List.copyOf(stops);
    }

    /**
     * Options of a reply without a constraint and without recorded probabilities.
     *
     * @param predict largest number of tokens of the reply; -1 for no limit but the context
     * @param sampling sampling parameters
     * @param stops texts that end the reply and are not part of it
     */
    public ChatOptions(int predict, SamplingParameters sampling, List<String> stops) {
        this(predict, sampling, stops, () -> TokenConstraint.NONE, -1);
    }

    /**
     * Returns options without stop strings.
     *
     * @param sampling sampling parameters
     */
    public static ChatOptions of(SamplingParameters sampling) {
        return new ChatOptions(-1, sampling, List.of());
    }
}
