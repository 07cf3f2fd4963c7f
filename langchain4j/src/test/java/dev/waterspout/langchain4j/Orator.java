package dev.waterspout.langchain4j;

import dev.waterspout.engine.api.ChatOptions;
import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Host;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.chat.ChatTemplate;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.http.ModelServer;
import dev.waterspout.engine.http.ServeOptions;
import dev.waterspout.engine.http.openai.ServedModel;
import dev.waterspout.engine.http.transport.Address;
import dev.waterspout.engine.http.transport.Limits;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * The built-in model, which continues speeches and is not trained for conversations, with a template of one line per
 * message.
 */
final class Orator {
    /** Context size of the model. */
    static final int CONTEXT = 1_900;

    private static final String TEMPLATE =
            "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:";

    /** The temperature 0 and, for requests with another temperature, a fixed seed. */
    private static final SamplingParameters LIKELIEST = new SamplingParameters(40, 0.95, 0.05, 0, 1);

    private Orator() {}

    /** Loads the model on one thread. */
    static LanguageModel load() {
        Options options = Options.DEFAULT
                .withContext(Context.DEFAULT.withPositions(CONTEXT))
                .withHost(new Host(1, Host.DEFAULT.batch(), Host.DEFAULT.activations(), false));
        return Waterspout.loadEmbedded(options);
    }

    static ChatTemplate template(LanguageModel model) {
        return ChatTemplate.of(TEMPLATE, model.deployment().model().tokenizer().vocabulary(), Clock.systemUTC());
    }

    /**
     * Returns settings with the template above. The temperature is 0 and the seed is fixed: the default settings have a
     * random seed, with which a reply may by chance be empty.
     */
    static ModelSettings settings(LanguageModel model) {
        ModelSettings usual = ModelSettings.DEFAULT;
        return new ModelSettings(
                        usual.name(), Optional.empty(), ChatOptions.of(LIKELIEST), usual.parameters(), List.of())
                .withTemplate(template(model));
    }

    /** Serves a model on a free port. */
    static ModelServer serve(LanguageModel model) throws IOException {
        ServedModel served = new ServedModel(
                model,
                Optional.of(template(model)),
                "orator",
                ChatOptions.of(new SamplingParameters(40, 0.95, 0.05, 0.8, 1)),
                InstantSource.system());
        return new ModelServer(
                served,
                new ServeOptions(
                        new Address("127.0.0.1", 0, Optional.empty()),
                        List.of("sesame"),
                        1,
                        16,
                        Duration.ofMinutes(10),
                        Limits.DEFAULT));
    }
}
