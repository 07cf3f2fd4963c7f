package dev.waterspout.engine.api;

import dev.waterspout.engine.generate.SamplingParameters;
import java.util.List;

/**
 * How a reply is made.
 *
 * @param predict most tokens of it; -1 until the model ends it or the context is full
 * @param sampling how tokens are chosen
 * @param stops texts that end it and are not part of it
 */
public record ChatOptions(int predict, SamplingParameters sampling, List<String> stops) {
    /** Copies the list. */
    public ChatOptions {
        stops = List.copyOf(stops);
    }

    /**
     * Returns options without stop strings.
     *
     * @param sampling how tokens are chosen
     */
    public static ChatOptions of(SamplingParameters sampling) {
        return new ChatOptions(-1, sampling, List.of());
    }
}
