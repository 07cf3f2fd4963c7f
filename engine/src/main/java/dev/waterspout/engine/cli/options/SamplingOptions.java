package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.generate.LogitAdjustments;
import dev.waterspout.engine.generate.SamplingParameters;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Options of sampling. */
public final class SamplingOptions {
    private static final Pattern BIAS = Pattern.compile("(\\d{1,9})([+-])(\\d+(?:\\.\\d+)?|inf)");

    @Option(
            names = "--temp",
            paramLabel = "T",
            defaultValue = "0.8",
            description = "Temperature; 0 takes the most likely token (default: ${DEFAULT-VALUE}).")
    private double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            defaultValue = "40",
            description = "Keep the K most likely tokens; 0 keeps all (default: ${DEFAULT-VALUE}).")
    private int topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            defaultValue = "0.95",
            description = "Keep the most likely tokens up to this total probability (default: ${DEFAULT-VALUE}).")
    private double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            defaultValue = "0.05",
            description = "Keep tokens with at least this fraction of the highest probability (default:"
                    + " ${DEFAULT-VALUE}).")
    private double minP;

    @Option(
            names = {"-s", "--seed"},
            paramLabel = "SEED",
            defaultValue = "-1",
            description = "Seed of the random numbers; -1 for a random seed (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--repeat-last-n",
            paramLabel = "N",
            defaultValue = "64",
            description = "Penalize tokens among the last N of the text; 0 for none, -1 for all (default:"
                    + " ${DEFAULT-VALUE}).")
    private int window;

    @Option(
            names = "--repeat-penalty",
            paramLabel = "X",
            defaultValue = "1",
            description = "Divide their logits by X; 1 for no penalty (default: ${DEFAULT-VALUE}).")
    private double repeatPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "X",
            defaultValue = "0",
            description = "Subtract X from their logits (default: ${DEFAULT-VALUE}).")
    private double presencePenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            defaultValue = "0",
            description = "Subtract X from their logits for each time they occur (default: ${DEFAULT-VALUE}).")
    private double frequencyPenalty;

    @Option(
            names = {"-l", "--logit-bias"},
            paramLabel = "TOKEN(+|-)BIAS",
            description = "Add to the logit of a token, by its id: 15043+1 or 15043-1; 15043-inf forbids it.")
    private List<String> biases = List.of();

    /** Returns the sampling parameters, with a random seed if none was given. */
    public SamplingParameters parameters() {
        long chosen = seed == -1 ? ThreadLocalRandom.current().nextLong(Integer.MAX_VALUE) : seed;
        return new SamplingParameters(topK, topP, minP, temperature, chosen)
                .withAdjustments(
                        new LogitAdjustments(window, repeatPenalty, presencePenalty, frequencyPenalty, bias()));
    }

    /** Returns the given seed, -1 for a random one. */
    public long seed() {
        return seed;
    }

    private Map<Integer, Double> bias() {
        Map<Integer, Double> bias = new LinkedHashMap<>();
        for (String each : biases) {
            Matcher matcher = BIAS.matcher(each);
            if (!matcher.matches()) {
                throw new IllegalArgumentException(
                        "logit bias '" + each + "'; a token's id, + or -, and a number or inf are allowed, as 15043-1");
            }
            double value =
                    matcher.group(3).equals("inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(matcher.group(3));
            bias.put(Integer.parseInt(matcher.group(1)), matcher.group(2).equals("-") ? -value : value);
        }
        return bias;
    }
}
