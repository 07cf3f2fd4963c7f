package dev.waterspout.engine.generate;

import java.util.Map;
import java.util.TreeMap;

/**
 * Adjustments of logits before a token is chosen. First biases are added, then tokens among the last ones of the text
 * are penalized. Penalties have the meaning that llama.cpp gives them.
 *
 * @param window number of the last tokens, the prompt's included, that are penalized; 0 for none, -1 for all
 * @param repeat divides a positive logit of such a token, and multiplies any other logit of it; 1 changes nothing
 * @param presence number subtracted from the logit of such a token
 * @param frequency number subtracted for each occurrence of the token among them
 * @param bias added to logits, by token; negative infinity forbids a token
 */
public record LogitAdjustments(
        int window, double repeat, double presence, double frequency, Map<Integer, Double> bias) {
    /** No adjustments. */
    public static final LogitAdjustments NONE = new LogitAdjustments(64, 1, 0, 0, Map.of());

    /** Checks the ranges and copies the map. */
    public LogitAdjustments {
        if (window < -1) {
            throw new IllegalArgumentException("tokens to penalize is " + window + "; it must be -1 or more");
        }
        if (!(repeat > 0 && repeat <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException("repeat penalty is " + repeat + "; it must be above 0");
        }
        SamplingParameters.requireWithin("presence penalty", presence, -Float.MAX_VALUE, Float.MAX_VALUE);
        SamplingParameters.requireWithin("frequency penalty", frequency, -Float.MAX_VALUE, Float.MAX_VALUE);
        bias = Map.copyOf(new TreeMap<>(bias));
        bias.forEach((token, value) -> {
            if (token < 0 || value.isNaN() || value == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("bias " + value + " of token " + token
                        + "; a token is 0 or more, and its bias a number or negative infinity");
            }
        });
    }

    /** Returns whether the tokens of the text influence the logits. */
    boolean penalizes() {
        return window != 0 && (repeat != 1 || presence != 0 || frequency != 0);
    }
}
