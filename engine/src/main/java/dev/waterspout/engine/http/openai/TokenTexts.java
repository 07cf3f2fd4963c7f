package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.generate.ChosenToken;
import dev.waterspout.engine.json.PlainJson;
import dev.waterspout.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the log probabilities of tokens. */
final class TokenTexts {
    /** The smallest log probability that is written; JSON has no value for the logarithm of 0. */
    private static final double LEAST = -9999;

    private TokenTexts() {}

    /** Returns the text of a token; bytes that are not a whole character become U+FFFD. */
    static String text(Tokenizer tokenizer, int token) {
        return new String(tokenizer.bytes(token), StandardCharsets.UTF_8);
    }

    /** Returns tokens in the form of chat completions. */
    static Map<String, @Nullable Object> ofChat(Tokenizer tokenizer, List<ChosenToken> tokens) {
        List<Object> content = new ArrayList<>();
        for (ChosenToken token : tokens) {
            Map<String, @Nullable Object> entry = entry(tokenizer, token.token(), token.logProbability());
            entry.put(
                    "top_logprobs",
                    token.likeliest().stream()
                            .map(each -> entry(tokenizer, each.token(), each.logProbability()))
                            .toList());
            content.add(entry);
        }
        return PlainJson.object("content", content);
    }

    private static Map<String, @Nullable Object> entry(Tokenizer tokenizer, int token, double log) {
        List<Integer> bytes = new ArrayList<>();
        for (byte each : tokenizer.bytes(token)) {
            bytes.add(each & 0xff);
        }
        return PlainJson.object("token", text(tokenizer, token), "logprob", Math.max(log, LEAST), "bytes", bytes);
    }

    /** Returns tokens in the form of completions. */
    static Map<String, @Nullable Object> ofCompletion(Tokenizer tokenizer, List<ChosenToken> tokens, int offset) {
        List<String> texts = new ArrayList<>();
        List<Double> logs = new ArrayList<>();
        List<Object> likeliest = new ArrayList<>();
        List<Integer> offsets = new ArrayList<>();
        int at = offset;
        for (ChosenToken token : tokens) {
            String text = text(tokenizer, token.token());
            texts.add(text);
            logs.add(Math.max(token.logProbability(), LEAST));
            offsets.add(at);
            at += text.length();
            Map<String, @Nullable Object> top = PlainJson.object();
            token.likeliest()
                    .forEach(each -> top.put(text(tokenizer, each.token()), Math.max(each.logProbability(), LEAST)));
            likeliest.add(top);
        }
        return PlainJson.object(
                "tokens", texts, "token_logprobs", logs, "top_logprobs", likeliest, "text_offset", offsets);
    }
}
