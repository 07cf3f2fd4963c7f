package dev.waterspout.engine.perplexity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.testing.OratorVariant;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.TestData;
import dev.waterspout.kernels.testing.VectorWidths;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A kernel may sum in another order and in single precision; the perplexity must not change noticeably. */
@Timeout(300)
class KernelPerplexityTest {
    private static final int WINDOW = 32;

    private static Path text() {
        return TestData.require("orator-heldout.txt");
    }

    @Tag(VectorWidths.SHORT)
    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "Q8_0"})
    void fastKernelsPredictLikeTheReferenceKernels(GgmlType type, @TempDir Path folder) throws IOException {
        Path model = OratorVariant.write(type, folder);
        Path text = text();
        double scalar =
                Scores.window(model, text, WINDOW, HostKernels.scalar()).nll().exp();
        double vector =
                Scores.window(model, text, WINDOW, HostKernels.vector()).nll().exp();
        assertThat(scalar).isBetween(10.0, 200.0);
        assertThat(vector).isCloseTo(scalar, within(0.001 * scalar));
    }

    @Tag(VectorWidths.SHORT_EXHAUSTIVE)
    @Test
    void roundedActivationsPredictNearlyAsWell(@TempDir Path folder) throws IOException {
        Path model = OratorVariant.write(GgmlType.Q4_0, folder);
        Path text = text();
        double exact = Scores.decoded(model, text, 20, 2, Activations.F32).nll().exp();
        double rounded =
                Scores.decoded(model, text, 20, 2, Activations.INT8).nll().exp();
        assertThat(exact).isBetween(10.0, 100.0);
        assertThat(rounded).isCloseTo(exact, within(0.005 * exact));
    }
}
