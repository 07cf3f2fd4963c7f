package dev.waterspout.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.generate.SamplingParameters;
import java.util.List;
import java.util.Optional;

/**
 * How a model answers where a request does not say.
 *
 * @param name of the model in responses
 * @param template how conversations are written down; empty for that of the model's file
 * @param options how replies are made; a seed of {@value #SEED_OF_CHANCE} is another one for each reply
 * @param parameters of requests that do not have them
 * @param listeners are told of requests and replies
 */
public record ModelSettings(
        String name,
        Optional<ChatTemplate> template,
        ChatOptions options,
        ChatRequestParameters parameters,
        List<ChatModelListener> listeners) {
    /** Stands for a seed of chance. */
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
     * Returns the same with another template.
     *
     * @param other how conversations are written down
     */
    public ModelSettings withTemplate(ChatTemplate other) {
        return new ModelSettings(name, Optional.of(other), options, parameters, listeners);
    }

    /**
     * Returns the same with other parameters.
     *
     * @param other of requests that do not have them
     */
    public ModelSettings withParameters(ChatRequestParameters other) {
        return new ModelSettings(name, template, options, other, listeners);
    }
}
