package dev.waterspout.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.generate.SamplingParameters;
import java.util.List;
import java.util.Optional;

/**
 * Defaults of requests to a model.
 *
 * @param name name of the model in responses
 * @param template the chat template; empty for the template in the model's file
 * @param options options of replies; with the seed {@value #SEED_OF_CHANCE} each reply has a random seed
 * @param parameters default parameters of requests
 * @param listeners listeners that observe requests and replies
 */
public record ModelSettings(
        String name,
        Optional<ChatTemplate> template,
        ChatOptions options,
        ChatRequestParameters parameters,
        List<ChatModelListener> listeners) {
    /** The value for a random seed. */
    public static final long SEED_OF_CHANCE = -1;

    /** The template of the model's file, and the sampling of the command line's defaults. */
    public static final ModelSettings DEFAULT = new ModelSettings(
            "waterspout",
            Optional.empty(),
            ChatOptions.of(new SamplingParameters(40, 0.95, 0.05, 0.8, SEED_OF_CHANCE)),
            ChatRequestParameters.builder().build(),
            List.of());

    /** Copies the list. */
    public ModelSettings {
        listeners = List.copyOf(listeners);
    }

    /**
     * Returns these settings with another template.
     *
     * @param other the chat template
     */
    public ModelSettings withTemplate(ChatTemplate other) {
        return new ModelSettings(name, Optional.of(other), options, parameters, listeners);
    }

    /**
     * Returns these settings with other parameters.
     *
     * @param other default parameters of requests
     */
    public ModelSettings withParameters(ChatRequestParameters other) {
        return new ModelSettings(name, template, options, other, listeners);
    }
}
