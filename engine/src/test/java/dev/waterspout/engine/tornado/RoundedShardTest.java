package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.api.Context;
import dev.waterspout.engine.api.Host;
import dev.waterspout.engine.api.LanguageModel;
import dev.waterspout.engine.api.Options;
import dev.waterspout.engine.api.Ranks;
import dev.waterspout.engine.api.Waterspout;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.generate.Generation;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.kernels.host.Activations;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A device rounds the inputs of products as the host does, by default. */
@Timeout(300)
class RoundedShardTest {
    private static final String PROMPT = "We the people of the United States";

    /** The embedded model has weights of q8_0, and norms, attention and softmax that a device rounds in its own way. */
    private static String text(String device, Activations activations) {
        Options options = Options.DEFAULT
                .withRanks(Ranks.on(device))
                .withContext(Context.DEFAULT.withPositions(64))
                .withHost(new Host(1, 16, activations, true));
        try (LanguageModel model = Waterspout.loadEmbedded(options);
                Generation generation = model.generate(PROMPT, 40, SamplingParameters.greedy())) {
            return String.join("", generation);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.waterspout.engine.tornado.TornadoShardTest#firstDevice")
    void writesTheTextOfTheHost(Device device) {
        assertThat(text(device.name(), Activations.INT8)).isEqualTo(text("host", Activations.INT8));
    }
}
