package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.chat.ChatPrompt;
import dev.waterspout.engine.generate.SamplingParameters;
import java.util.List;

/**
 * A parsed request for one or more replies.
 *
 * @param prompts prompts of its replies, in order
 * @param options options of its replies, one per prompt
 * @param streams whether pieces are sent as server-sent events while they are computed
 * @param includesUsage whether a stream ends with the token counts
 */
record ReplyRequest(List<ChatPrompt> prompts, List<ChatOptions> options, boolean streams, boolean includesUsage) {
    /** Most replies of one request. */
    static final int MOST_CHOICES = 16;

    /** Copies the lists. */
    ReplyRequest {
        prompts = List.copyOf(prompts);
        options = List.copyOf(options);
    }

    /** Returns whether the probabilities of tokens are reported. */
    boolean reportsProbabilities() {
        return options.getFirst().likeliest() >= 0;
    }

    /** Returns options with another seed for each choice, so that the replies to one prompt differ. */
    static ChatOptions reseeded(ChatOptions options, int choice) {
        SamplingParameters sampling = options.sampling();
        return new ChatOptions(
                options.predict(),
                sampling.withSeed(sampling.seed() + choice),
                options.stops(),
                options.constraint(),
                options.likeliest());
    }

    /** Reads the largest number of tokens of a reply. */
    static int predict(Fields fields, List<String> names, int usual) {
        for (String name : names) {
            if (fields.any(name).isPresent()) {
                return fields.integer(name, -1, Integer.MAX_VALUE).orElseThrow().intValue();
            }
        }
        return usual;
    }
}
