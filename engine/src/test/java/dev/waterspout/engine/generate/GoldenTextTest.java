package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.Golden;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.OratorVariant;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.TestData;
import dev.waterspout.kernels.testing.VectorWidths;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Greedy text of real models against that of llama.cpp. */
@Timeout(300)
class GoldenTextTest {
    @Tag(VectorWidths.SHORT_EXHAUSTIVE)
    @ParameterizedTest
    @CsvSource({"stories260K, 2", "stories260K, 4", "orator-q8_0, 1", "orator-q8_0, 4"})
    void textOfMoreGroupsEqualsTheReference(String name, int ranks) throws IOException {
        textEqualsTheReference(name, ranks);
    }

    @Tag(VectorWidths.SHORT)
    @ParameterizedTest
    @CsvSource({"stories260K, 1", "stories260K, 3", "orator-f32, 3", "orator-q8_0, 2"})
    void textEqualsTheReference(String name, int ranks) throws IOException {
        check(name, ranks, HostKernels.vector());
    }

    @Test
    void theScalarReferenceWritesTheSame() throws IOException {
        check("stories260K", 2, HostKernels.scalar());
    }

    /** Compares with the ids that llama.cpp computes from the f32 values of the Q8_0 weights. */
    @ParameterizedTest
    @CsvSource({"F32, 1", "F32, 2", "F32, 3", "F32, 4", "Q8_0, 1", "Q8_0, 2"})
    void idsEqualThoseOfTheSameWeightsInF32(GgmlType type, int ranks, @TempDir Path folder) throws IOException {
        JsonObject golden =
                Golden.object("types/orator.json").getJsonObject("mixes").getJsonObject("Q8_0");
        try (Model model = new Model(GgufFile.open(OratorVariant.write(type, folder)));
                RankGroup group = Groups.start(model, ranks, "f32", HostKernels.vector())) {
            Generator generator = new Generator(model.tokenizer(), group);
            for (JsonObject each : golden.getJsonArray("greedy_exact").getValuesAs(JsonObject.class)) {
                int[] expected = Golden.ids(each, "ids");
                GenerationReport report = generator.generate(
                        Golden.ids(each, "prompt"),
                        expected.length,
                        new Sampler(SamplingParameters.greedy()),
                        text -> {});
                assertThat(report.generated()).containsExactly(Golden.boxed(expected));
            }
        }
    }

    private static void check(String name, int ranks, HostKernels kernels) throws IOException {
        JsonObject golden = Golden.object("golden/" + name + ".json");
        Path file = TestData.require(golden.getString("model"));
        try (Model model = new Model(GgufFile.open(file));
                RankGroup group = Groups.start(model, ranks, "f32", kernels)) {
            List<JsonObject> cases = golden.getJsonArray("greedy").getValuesAs(JsonObject.class);
            assertThat(cases).isNotEmpty();
            for (JsonObject each : cases) {
                String prompt = each.getString("prompt");
                StringBuilder text = new StringBuilder(prompt);
                Generator generator = new Generator(model.tokenizer(), group);
                GenerationReport report = generator.generate(
                        generator.tokenize(prompt),
                        each.getInt("predict"),
                        new Sampler(SamplingParameters.greedy()),
                        text::append);
                assertThat(report.generated()).hasSize(each.getInt("predict"));
                assertAgrees(text.toString(), each.getString("text"), prompt);
            }
        }
    }

    /**
     * The reference program adds a leading space and two line feeds at the end; one of its texts lacks the last token.
     */
    private static void assertAgrees(String text, String golden, String prompt) {
        String expected = golden.startsWith(prompt) ? golden : golden.substring(1);
        if (expected.endsWith("\n\n")) {
            assertThat(text).isEqualTo(expected.substring(0, expected.length() - 2));
        } else {
            assertThat(text).startsWith(expected).hasSize(expected.length() + 1);
        }
    }
}
