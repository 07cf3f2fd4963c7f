package dev.waterspout.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.waterspout.engine.api.LanguageModel;
import java.util.List;
import java.util.Set;

/**
 * The methods that LangChain4j declares in both {@code ChatModel} and {@code StreamingChatModel}, which have no common
 * supertype.
 */
abstract class ModelDefaults {
    final ChatRequests requests;
    private final ModelSettings settings;

    ModelDefaults(LanguageModel model, ModelSettings settings) {
        this.requests = new ChatRequests(model, settings);
        this.settings = settings;
    }

    /** Returns the default parameters of requests. */
    public final ChatRequestParameters defaultRequestParameters() {
        return settings.parameters();
    }

    /** Returns the listeners that observe requests and replies. */
    public final List<ChatModelListener> listeners() {
        return settings.listeners();
    }

    /** Returns {@link ModelProvider#OTHER}, because LangChain4j has no constant for this provider. */
    public final ModelProvider provider() {
        return ModelProvider.OTHER;
    }

    /** Returns the optional features: JSON schemas as response formats. */
    public final Set<Capability> supportedCapabilities() {
        return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    }
}
