package dev.waterspout.engine.perplexity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A kernel may sum in another order, in single precision: that must not show in what the model knows. */
@Timeout(300)
class KernelPerplexityTest {
    private static final String TEXT = "orator-heldout.txt";

    @ParameterizedTest
    @ValueSource(strings = {"orator-f32.gguf", "orator-f16.gguf", "orator-q8_0.gguf"})
    void fastKernelsPredictLikeTheReferenceKernels(String model) throws IOException {
        double scalar =
                Scores.of(model, TEXT, 20, 1, 1, HostKernels.scalar()).nll().exp();
        double vector =
                Scores.of(model, TEXT, 20, 1, 1, HostKernels.vector()).nll().exp();
        assertThat(scalar).isBetween(10.0, 100.0);
        assertThat(vector).isCloseTo(scalar, within(0.001 * scalar));
    }

    @Test
    void roundedActivationsPredictNearlyAsWell(@TempDir Path folder) throws IOException {
        Path model = folder.resolve("orator-q4_0.gguf");
        FourBitModel.write(SharedData.require("orator-f32.gguf"), model);
        double exact = Scores.decoded(model, TEXT, 20, 2, Activations.F32).nll().exp();
        double rounded =
                Scores.decoded(model, TEXT, 20, 2, Activations.INT8).nll().exp();
        assertThat(exact).isBetween(10.0, 100.0);
        assertThat(rounded).isCloseTo(exact, within(0.005 * exact));
    }
}
