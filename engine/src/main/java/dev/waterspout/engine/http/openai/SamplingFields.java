package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.generate.LogitAdjustments;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.http.transport.Stamp;
import dev.waterspout.engine.json.PlainJson;
import dev.waterspout.engine.tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads sampling parameters from requests, by their names in OpenAI's interface and in llama.cpp's server. */
final class SamplingFields {
    private static final int MOST_STOPS = 16;
    private static final double FORBIDDEN = -100;
    /** Bias of tokens that end a text, if that is ignored: they stay possible where a grammar allows no other. */
    private static final double UNLIKELY = -1e30;

    private SamplingFields() {}

    /**
     * Reads the sampling parameters.
     *
     * @param fields fields of the request
     * @param usual defaults of the request, except for the seed
     * @param stamp source of the seed of a request that gives none
     * @param vocabulary tokens of the model
     */
    static SamplingParameters sampling(Fields fields, SamplingParameters usual, Stamp stamp, Vocabulary vocabulary) {
        long seed = fields.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE)
                .filter(given -> given != -1)
                .orElse(stamp.seed() & Integer.MAX_VALUE);
        return new SamplingParameters(
                fields.integer("top_k", -1, Integer.MAX_VALUE)
                        .map(k -> Math.max(0, k.intValue()))
                        .orElse(usual.topK()),
                fields.number("top_p", 0, 1).orElse(usual.topP()),
                fields.number("min_p", 0, 1).orElse(usual.minP()),
                fields.number("temperature", 0, 1000).orElse(usual.temperature()),
                seed,
                adjustments(fields, usual.adjustments(), vocabulary));
    }

    private static LogitAdjustments adjustments(Fields fields, LogitAdjustments usual, Vocabulary vocabulary) {
        Map<Integer, Double> bias = new LinkedHashMap<>(usual.bias());
        biases(fields)
                .ifPresent(biases -> biases.plain().keySet().forEach(key -> {
                    double value = biases.number(key, -1000, 1000).orElse(0.0);
                    bias.put(
                            token(biases, key, vocabulary.size()),
                            value <= FORBIDDEN ? Double.NEGATIVE_INFINITY : value);
                }));
        if (fields.flag("ignore_eos").orElse(false)) {
            IntStream.range(0, vocabulary.size())
                    .filter(vocabulary::isEndOfText)
                    .forEach(token -> bias.put(token, UNLIKELY));
        }
        String repetition = fields.any("repeat_penalty").isPresent() ? "repeat_penalty" : "repetition_penalty";
        return new LogitAdjustments(
                fields.integer("repeat_last_n", -1, Integer.MAX_VALUE)
                        .map(Long::intValue)
                        .orElse(usual.window()),
                fields.number(repetition, Float.MIN_NORMAL, 1000).orElse(usual.repeat()),
                fields.number("presence_penalty", -1000, 1000).orElse(usual.presence()),
                fields.number("frequency_penalty", -1000, 1000).orElse(usual.frequency()),
                bias);
    }

    /**
     * Returns the biases by token. They are an object, or, as in llama.cpp's server, a list of pairs of a token and its
     * bias, where false forbids the token.
     */
    private static Optional<Fields> biases(Fields fields) {
        if (fields.any("logit_bias").filter(value -> value instanceof List<?>).isEmpty()) {
            return fields.object("logit_bias");
        }
        Map<String, @Nullable Object> biases = PlainJson.object();
        for (Object pair : fields.list("logit_bias")) {
            if (!(pair instanceof List<?> both) || both.size() != 2 || !(both.getFirst() instanceof Long token)) {
                throw fields.wrong(
                        "logit_bias", pair, "an object, or a list of pairs of a token and a number or false");
            }
            biases.put(token.toString(), Boolean.FALSE.equals(both.getLast()) ? (Object) FORBIDDEN : both.getLast());
        }
        return Optional.of(Fields.of("logit_bias", biases));
    }

    private static int token(Fields biases, String key, int vocabulary) {
        if (key.matches("[0-9]{1,9}") && Integer.parseInt(key) < vocabulary) {
            return Integer.parseInt(key);
        }
        throw ApiException.field(
                biases.path(key), "logit_bias names token '" + key + "'; tokens are 0 to " + (vocabulary - 1));
    }

    /**
     * Reads the texts that end a reply.
     *
     * @param fields fields of the request; {@code stop} is one text or a list
     */
    static List<String> stops(Fields fields) {
        List<String> stops = new ArrayList<>();
        if (fields.any("stop").filter(value -> value instanceof String).isPresent()) {
            stops.add(fields.requiredText("stop"));
        } else {
            for (Object stop : fields.list("stop")) {
                if (!(stop instanceof String text)) {
                    throw fields.wrong("stop[" + stops.size() + "]", stop, "a string");
                }
                stops.add(text);
            }
        }
        if (stops.contains("") || stops.size() > MOST_STOPS) {
            throw ApiException.field(
                    fields.path("stop"),
                    "stop has " + stops.size() + " texts" + (stops.contains("") ? ", one of them empty" : "")
                            + "; at most "
                            + MOST_STOPS + ", none of them empty, are allowed");
        }
        return stops;
    }
}
