package dev.waterspout.engine.perplexity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.testing.Golden;
import dev.waterspout.engine.testing.OratorVariant;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.testing.TestData;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares perplexities of trained models with those of llama.cpp. */
@Timeout(300)
class GoldenPerplexityTest {
    @Test
    void agreesWithTheReferenceOnWikitext() throws IOException {
        agreesWithTheReference("stories260K.gguf", "wikitext-2/valid.txt", 2);
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @CsvSource({
        "stories260K.gguf, wikitext-2/valid.txt, 1",
        "orator-f32.gguf, wikitext-2/valid.txt, 2",
        "orator-q8_0.gguf, orator-heldout.txt, 1"
    })
    void agreesWithTheReference(String model, String text, int ranks) throws IOException {
        JsonObject golden = golden(model, text);
        RunScore score = Scores.of(
                TestData.require(model),
                TestData.require(text),
                0,
                golden.getInt("chunks"),
                ranks,
                HostKernels.vector());
        assertThat(score.nll().count()).isEqualTo(golden.getInt("chunks") * 127L);
        double expected = golden.getJsonNumber("ppl").doubleValue();
        assertThat(score.nll().exp()).isCloseTo(expected, within(0.005 * expected));
        double error = golden.getJsonNumber("err").doubleValue();
        assertThat(score.nll().expError()).isCloseTo(error, within(0.01 * error));
    }

    /** The reference computed with the f32 values of the Q8_0 weights. */
    @ParameterizedTest
    @CsvSource({"F32, 2", "Q8_0, 1"})
    void agreesWithTheReferenceOfDequantizedWeights(GgmlType type, int ranks, @TempDir Path folder) throws IOException {
        JsonObject golden = Golden.object("types/orator.json")
                .getJsonObject("mixes")
                .getJsonObject("Q8_0")
                .getJsonObject("perplexity_exact");
        Path text = folder.resolve("text.txt");
        Files.writeString(
                text, Files.readString(TestData.require("orator-heldout.txt")).substring(0, 14_700));
        RunScore score = Scores.of(
                OratorVariant.write(type, folder), text, 0, golden.getInt("chunks"), ranks, HostKernels.vector());
        assertThat(score.nll().count()).isEqualTo(golden.getInt("scored"));
        double expected = golden.getJsonNumber("ppl").doubleValue();
        assertThat(score.nll().exp()).isCloseTo(expected, within(1e-4 * expected));
    }

    private static JsonObject golden(String model, String text) throws IOException {
        return Golden.object("golden/perplexity.json").getJsonArray("results").getValuesAs(JsonObject.class).stream()
                .filter(each -> each.getString("model").equals(model)
                        && each.getString("text").equals(text))
                .findFirst()
                .orElseThrow();
    }
}
