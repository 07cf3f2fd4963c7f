package dev.waterspout.engine.perplexity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.SharedData;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Perplexities of real models: against llama.cpp's, and between the kernels. */
@Timeout(300)
class GoldenPerplexityTest {
    private static final int SIZE = 256;

    @ParameterizedTest
    @CsvSource({
        "stories260K.gguf, wikitext-2/valid.txt, 1",
        "orator-f32.gguf, wikitext-2/valid.txt, 2",
        "orator-q8_0.gguf, orator-heldout.txt, 1"
    })
    void agreesWithTheReference(String model, String text, int ranks) throws IOException {
        JsonObject golden = golden(model, text);
        RunScore score = score(model, text, 0, golden.getInt("chunks"), ranks, HostKernels.vector());
        assertThat(score.nll().count()).isEqualTo(golden.getInt("chunks") * 127L);
        double expected = golden.getJsonNumber("ppl").doubleValue();
        assertThat(score.nll().exp()).isCloseTo(expected, within(0.005 * expected));
        double error = golden.getJsonNumber("err").doubleValue();
        assertThat(score.nll().expError()).isCloseTo(error, within(0.01 * error));
    }

    /** A kernel may sum in another order, in single precision: that must not show in what the model knows. */
    @Test
    void fastKernelsPredictLikeTheReferenceKernels() throws IOException {
        String text = "orator-heldout.txt";
        double scalar = score("orator-f32.gguf", text, 20, 2, 1, HostKernels.scalar())
                .nll()
                .exp();
        double vector = score("orator-f32.gguf", text, 20, 2, 1, HostKernels.vector())
                .nll()
                .exp();
        assertThat(scalar).isBetween(10.0, 100.0);
        assertThat(vector).isCloseTo(scalar, within(0.001 * scalar));
    }

    private static RunScore score(String file, String text, int first, int windows, int ranks, HostKernels kernels)
            throws IOException {
        String content = Files.readString(SharedData.require(text));
        Path path = SharedData.require(file);
        try (Model model = new Model(GgufFile.open(path));
                RankGroup group = group(model, ranks, kernels)) {
            TextWindows part = TextWindows.of(model.tokenizer(), content, SIZE).part(first, windows);
            PerplexityMeter meter =
                    new PerplexityMeter(List.of(group), model.config().vocabulary());
            for (int window = 0; window < part.count(); window++) {
                meter.score(part, window);
            }
            return meter.scores().getFirst();
        }
    }

    private static RankGroup group(Model model, int ranks, HostKernels kernels) {
        RankOptions options =
                new RankOptions(SIZE, SIZE, 2 / ranks, CommSchedule.fixed(PlainFormat.F32), Duration.ofMinutes(2), 128);
        return RankGroup.inProcess(
                model,
                ShardPlan.of(model.config(), model.ffnUnit(), ranks, List.of()),
                options,
                Collections.nCopies(ranks, HostShard.factory(kernels)));
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
