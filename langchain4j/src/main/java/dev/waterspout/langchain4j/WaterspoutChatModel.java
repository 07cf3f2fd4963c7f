package dev.waterspout.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.waterspout.engine.api.ChatReply;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.chat.ChatDelta;
import dev.waterspout.engine.chat.ToolCalls;
import java.util.List;
import java.util.Set;

/**
 * A chat model of LangChain4j that answers all at once. Any number of threads may ask it, and others the same language
 * model.
 */
public final class WaterspoutChatModel implements ChatModel {
    private final ChatRequests requests;
    private final ModelSettings settings;

    /**
     * @param model answers; stays open while this is used, and is closed by its owner
     * @param settings how, where a request does not say
     */
    public WaterspoutChatModel(LanguageModel model, ModelSettings settings) {
        this.requests = new ChatRequests(model, settings);
        this.settings = settings;
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

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return settings.parameters();
    }

    @Override
    public List<ChatModelListener> listeners() {
        return settings.listeners();
    }

    @Override
    public ModelProvider provider() {
        return ModelProvider.OTHER;
    }

    @Override
    public Set<Capability> supportedCapabilities() {
        return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    }
}
