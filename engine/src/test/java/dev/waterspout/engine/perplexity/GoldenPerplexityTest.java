package dev.waterspout.engine.perplexity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.SharedData;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Perplexities of real models, against llama.cpp's. */
@Timeout(300)
class GoldenPerplexityTest {
    @ParameterizedTest
    @CsvSource({
        "stories260K.gguf, wikitext-2/valid.txt, 1",
        "orator-f32.gguf, wikitext-2/valid.txt, 2",
        "orator-q8_0.gguf, orator-heldout.txt, 1"
    })
    void agreesWithTheReference(String model, String text, int ranks) throws IOException {
        JsonObject golden = golden(model, text);
        RunScore score = Scores.of(model, text, 0, golden.getInt("chunks"), ranks, HostKernels.vector());
        assertThat(score.nll().count()).isEqualTo(golden.getInt("chunks") * 127L);
        double expected = golden.getJsonNumber("ppl").doubleValue();
        assertThat(score.nll().exp()).isCloseTo(expected, within(0.005 * expected));
        double error = golden.getJsonNumber("err").doubleValue();
        assertThat(score.nll().expError()).isCloseTo(error, within(0.01 * error));
    }

    private static JsonObject golden(String model, String text) throws IOException {
        try (JsonReader reader =
                Json.createReader(Files.newBufferedReader(SharedData.require("golden/perplexity.json")))) {
            return reader.readObject().getJsonArray("results").getValuesAs(JsonObject.class).stream()
                    .filter(each -> each.getString("model").equals(model)
                            && each.getString("text").equals(text))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
