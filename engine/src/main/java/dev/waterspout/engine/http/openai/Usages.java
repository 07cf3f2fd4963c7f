package dev.waterspout.engine.http.openai;

import dev.waterspout.engine.api.ChatReply.Usage;
import dev.waterspout.engine.json.PlainJson;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes what replies took. */
final class Usages {
    private Usages() {}

    /** Returns what replies took together: a prompt that several of them answer counts once each. */
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

    /** Returns usage as chat completions and completions write it. */
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
