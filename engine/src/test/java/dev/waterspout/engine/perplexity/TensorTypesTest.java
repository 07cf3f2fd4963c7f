package dev.waterspout.engine.perplexity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.generate.GenerationReport;
import dev.waterspout.engine.generate.Generator;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.generate.Sampler;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.TestData;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Models of every tensor type and of the common mixtures, compared with texts and perplexities of the same weights in
 * f32.
 */
@Timeout(300)
class TensorTypesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q2_K", "q4_K", "q5_K", "q6_K", "iq4_nl", "mxfp4",
                "nvfp4", "iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq3_xxs", "iq3_s", "tq1_0", "tq2_0"
            })
    void oneLayerOfAType(String type) throws IOException {
        JsonObject golden = read("types/types.json").getJsonObject("types").getJsonObject(type);
        String file = "types/" + golden.getString("model");
        checkIds(file, golden.getJsonArray("greedy"), 1);
        JsonObject perplexity = golden.getJsonObject("perplexity");
        check(
                Scores.of(
                        TestData.require(file),
                        TestData.require("types/text.txt"),
                        0,
                        perplexity.getInt("chunks"),
                        1,
                        HostKernels.vector()),
                perplexity);
    }

    /** Every mixture on one rank, and on two or four ranks. */
    static Stream<Arguments> mixes() {
        List<String> names = List.of(
                "Q4_0", "Q4_K_M", "Q4_1", "Q2_K", "Q5_0", "Q3_K_S", "Q3_K_L", "Q4_K_S", "Q5_K_M", "Q6_K", "IQ4_XS",
                "IQ3_S", "TQ2_0");
        return IntStream.range(0, names.size())
                .boxed()
                .flatMap(i -> Stream.of(1, i % 2 == 0 ? 2 : 4).map(ranks -> Arguments.of(names.get(i), ranks)));
    }

    /**
     * Perplexity takes long, so only one type represents those with blocks of 256, which fill a whole row here and are
     * decoded before they are divided over ranks.
     */
    static Stream<Arguments> scoredMixes() {
        return mixes().filter(each -> each.get()[1].equals(1)
                || List.of("Q4_0", "Q4_1", "Q5_0", "Q4_K_M").contains(each.get()[0]));
    }

    @ParameterizedTest
    @MethodSource("mixes")
    void mixesWriteTheText(String mix, int ranks) throws IOException {
        checkIds(mixFile(mix), mix(mix).getJsonArray("greedy_exact"), ranks);
    }

    @ParameterizedTest
    @MethodSource("scoredMixes")
    void mixesHaveThePerplexity(String mix, int ranks) throws IOException {
        JsonObject golden = mix(mix).getJsonObject("perplexity_exact");
        String text = Files.readString(TestData.require("orator-heldout.txt")).substring(0, 14700);
        Path part = Files.createTempFile("orator", ".txt");
        try {
            Files.writeString(part, text);
            check(
                    Scores.of(
                            TestData.require(mixFile(mix)),
                            part,
                            0,
                            golden.getInt("chunks"),
                            ranks,
                            HostKernels.vector()),
                    golden);
        } finally {
            Files.delete(part);
        }
    }

    private static void check(RunScore score, JsonObject golden) {
        assertThat(score.nll().count()).isEqualTo(golden.getInt("scored"));
        double expected = golden.getJsonNumber("ppl").doubleValue();
        assertThat(score.nll().exp()).isCloseTo(expected, within(1e-4 * expected));
    }

    private static void checkIds(String file, JsonArray golden, int ranks) throws IOException {
        try (Model model = new Model(GgufFile.open(TestData.require(file)));
                RankGroup group = Groups.start(model, ranks, "f32", HostKernels.vector())) {
            Generator generator = new Generator(model.tokenizer(), group);
            for (JsonObject each : golden.getValuesAs(JsonObject.class)) {
                List<Integer> expected = ids(each, "ids");
                int[] prompt =
                        ids(each, "prompt").stream().mapToInt(Integer::intValue).toArray();
                GenerationReport report = generator.generate(
                        prompt, expected.size(), new Sampler(SamplingParameters.greedy()), text -> {});
                assertThat(report.generated())
                        .isEqualTo(expected.subList(0, report.generated().size()));
                assertThat(report.generated()).isNotEmpty();
            }
        }
    }

    private static List<Integer> ids(JsonObject object, String name) {
        return object.getJsonArray(name).getValuesAs(JsonNumber::intValue);
    }

    private static String mixFile(String mix) {
        return "orator-mixes/orator-" + mix + ".gguf";
    }

    private static JsonObject mix(String mix) throws IOException {
        return read("types/orator.json").getJsonObject("mixes").getJsonObject(mix);
    }

    private static JsonObject read(String name) throws IOException {
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(TestData.require(name)))) {
            return reader.readObject();
        }
    }
}
