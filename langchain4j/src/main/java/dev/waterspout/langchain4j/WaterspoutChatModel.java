package dev.waterspout.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.waterspout.engine.api.ChatReply;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ToolCalls;

/**
 * A chat model of LangChain4j that returns whole replies. Any number of threads may use it, and several chat models
 * may share one language model.
 */
public final class WaterspoutChatModel extends ModelDefaults implements ChatModel {
    /**
     * @param model the language model; its owner closes it after the last use of this chat model
     * @param settings defaults of requests
     */
    public WaterspoutChatModel(LanguageModel model, ModelSettings settings) {
        super(model, settings);
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        try (ChatReply reply = requests.begin(request)) {
            ToolCalls calls = new ToolCalls();
            for (ChatDelta delta : reply) {
                if (delta.kind() == ChatDelta.Kind.TOOL_CALL || delta.kind() == ChatDelta.Kind.TOOL_ARGUMENTS) {
                    calls.take(delta);
                }
            }
            return requests.response(reply, calls.whole());
        }
    }
}
