package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.SharedData;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Greedy text of real models against that of llama.cpp. */
@Timeout(300)
class GoldenTextTest {
    @ParameterizedTest
    @CsvSource({
        "stories260K, 1", "stories260K, 2", "stories260K, 3", "stories260K, 4",
        "orator-f32, 1", "orator-f32, 2", "orator-f32, 3", "orator-f32, 4",
        "orator-q8_0, 1", "orator-q8_0, 2", "orator-q8_0, 4"
    })
    void textEqualsTheReference(String name, int ranks) throws IOException {
        check(name, ranks, HostKernels.vector());
    }

    @Test
    void theScalarReferenceWritesTheSame() throws IOException {
        check("stories260K", 2, HostKernels.scalar());
    }

    private static void check(String name, int ranks, HostKernels kernels) throws IOException {
        JsonObject golden = read(SharedData.require("golden/" + name + ".json"));
        Path file = SharedData.require(golden.getString("model"));
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

    /** The leading space and the two line feeds at the end are the reference program's; one text lacks its last token. */
    private static void assertAgrees(String text, String golden, String prompt) {
        String expected = golden.startsWith(prompt) ? golden : golden.substring(1);
        if (expected.endsWith("\n\n")) {
            assertThat(text).isEqualTo(expected.substring(0, expected.length() - 2));
        } else {
            assertThat(text).startsWith(expected).hasSize(expected.length() + 1);
        }
    }

    private static JsonObject read(Path path) throws IOException {
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(path))) {
            return reader.readObject();
        }
    }
}
