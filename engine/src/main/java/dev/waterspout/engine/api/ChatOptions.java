package dev.waterspout.engine.api;

import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.generate.TokenConstraint;
import java.util.List;
import java.util.function.Supplier;

/**
 * How a reply is made.
 *
 * @param predict most tokens of it; -1 until the model ends it or the context is full
 * @param sampling sampling parameters
 * @param stops texts that end it and are not part of it
 * @param constraint makes what a reply may consist of
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
     * Options of a reply that may consist of any tokens, and of which no probability is noted.
     *
     * @param predict most tokens of it; -1 until the model ends it or the context is full
     * @param sampling sampling parameters
     * @param stops texts that end it and are not part of it
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
