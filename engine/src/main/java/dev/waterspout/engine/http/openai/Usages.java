package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatReply.Usage;
import dev.waterspout.engine.json.PlainJson;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the token counts of replies. */
final class Usages {
    private Usages() {}

    /** Returns the sums over all replies. A prompt counts once for each of its replies. */
    static Usage sum(List<Collected> replies) {
        int prompt = 0;
        int held = 0;
        int tokens = 0;
        for (Collected reply : replies) {
            Usage usage = reply.usage();
            prompt += usage.promptTokens();
            held += usage.heldTokens();
            tokens += usage.replyTokens();
        }
        return new Usage(prompt, held, tokens);
    }

    /**
     * Returns the last events of a stream: the token counts of all replies, if the request asks for them, and the end.
     *
     * @param chunk chunk without choices, to which the token counts are added
     */
    static List<String> lastEvents(ReplyRequest request, Map<String, @Nullable Object> chunk, List<Collected> replies) {
        if (!request.includesUsage()) {
            return List.of(Events.DONE);
        }
        chunk.put("usage", of(replies));
        return List.of(Events.data(chunk), Events.DONE);
    }

    /** Returns the token counts in the form of chat completions and completions. */
    static Map<String, @Nullable Object> of(List<Collected> replies) {
        Usage usage = sum(replies);
        return PlainJson.object(
                "prompt_tokens",
                usage.promptTokens(),
                "completion_tokens",
                usage.replyTokens(),
                "total_tokens",
                usage.promptTokens() + usage.replyTokens(),
                "prompt_tokens_details",
                PlainJson.object("cached_tokens", usage.heldTokens()));
    }
}
