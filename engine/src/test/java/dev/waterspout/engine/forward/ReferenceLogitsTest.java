package dev.waterspout.engine.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.UnsplitLatent;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.TestData;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares models of random weights, one per architecture, with the logits and the greedy ids of llama.cpp. */
@Timeout(120)
class ReferenceLogitsTest {
    /** Tolerance for the rounding of the reference, whose logits reach 15. */
    private static final float TOLERANCE = 1e-4f;

    private static final Split WHOLE_EXPERTS = new Split(List.of(), true);

    @ParameterizedTest(name = "{0} on {1} ranks")
    @CsvSource({
        "llama-bias, 1 2 3 4",
        "llama-linear, 1 2 3 4",
        "llama-yarn, 1 2 3 4",
        "llama3rope, 1 2 3 4",
        "qwen2, 1 2 3 4",
        "qwen3, 1 2 3 4",
        "qwen3-tied, 1 2 3 4",
        "gemma2, 1 2 3 4",
        "gemma3, 1 2 3 4",
        "phi3, 1 2 3 4",
        "phi3-longrope, 1 2 3 4",
        "granite, 1 2 3 4",
        "olmo2, 1 2 3 4",
        "commandr, 1 2 3 4",
        "starcoder2, 1 2 3 4",
        "smollm3, 1 2 3 4",
        "mixtral, 1 2 3 4",
        "qwen2moe, 1 2 3 4",
        "qwen3moe, 1 2 3 4",
        "deepseek2, 1 2 3 4",
        "gptoss, 1 2 3 4"
    })
    void agreesWithTheReference(String name, String ranks) throws IOException {
        for (int digit : ranks.chars().filter(Character::isDigit).toArray()) {
            check(name, Character.digit(digit, 10));
        }
    }

    /** Whole experts, distributed over the ranks, give the same logits as experts whose columns are divided. */
    @ParameterizedTest(name = "{0} on {1} ranks")
    @CsvSource({"mixtral, 2 4", "qwen2moe, 3", "qwen3moe, 2", "deepseek2, 3 4", "gptoss, 2 4"})
    void wholeExpertsAgreeToo(String name, String ranks) throws IOException {
        JsonObject reference = read(TestData.require("arch/" + name + ".json"));
        for (int digit : ranks.chars().filter(Character::isDigit).toArray()) {
            check(reference, reference, reference.getInt("context"), Character.digit(digit, 10), WHOLE_EXPERTS);
        }
    }

    /** Replicated attention gives the same logits. */
    @ParameterizedTest(name = "{0} on {1} ranks")
    @CsvSource({
        "llama-bias, 2 3",
        "qwen3, 4",
        "gemma2, 3",
        "gemma3, 2",
        "granite, 2",
        "olmo2, 3",
        "commandr, 2",
        "starcoder2, 3",
        "smollm3, 4",
        "qwen2moe, 2",
        "deepseek2, 3",
        "gptoss, 2"
    })
    void replicatedAttentionAgreesToo(String name, String ranks) throws IOException {
        JsonObject reference = read(TestData.require("arch/" + name + ".json"));
        for (int digit : ranks.chars().filter(Character::isDigit).toArray()) {
            Split split = new Split(List.of(), false, true);
            check(reference, reference, reference.getInt("context"), Character.digit(digit, 10), split);
        }
    }

    /** A KV cache no longer than the trained context uses LongRoPE's short factors. */
    @Test
    void aShortContextTakesTheShortFactors() throws IOException {
        JsonObject reference = read(TestData.require("arch/phi3-longrope.json"));
        check(reference, reference.getJsonObject("context_256"), 256, 2, Split.EQUAL);
    }

    /** Older files hold the up-projections of latent keys and values in one tensor. */
    @Test
    void latentAttentionOfOneTensorIsBitEqual() throws IOException {
        Path file = TestData.require("arch/deepseek2.gguf");
        int[] prompt = ids(read(TestData.require("arch/deepseek2.json")).getJsonArray("prompt"));
        try (Model split = new Model(GgufFile.open(file));
                Model unsplit = UnsplitLatent.of(file)) {
            assertThat(unsplit.file().tensor("blk.0.attn_k_b.weight")).isEmpty();
            assertThat(weights(unsplit)).isEqualTo(weights(split));
            for (int ranks : new int[] {1, 3}) {
                try (RankGroup expected = Groups.start(split, ranks, "f32", HostKernels.vector());
                        RankGroup found = Groups.start(unsplit, ranks, "f32", HostKernels.vector())) {
                    assertThat(Groups.logits(found, prompt)).containsExactly(Groups.logits(expected, prompt));
                }
            }
        }
    }

    private static long weights(Model model) {
        return ShardWeights.bytes(
                model, ShardPlan.of(model, 1, Split.EQUAL).shards().getFirst());
    }

    private static void check(String name, int ranks) throws IOException {
        JsonObject reference = read(TestData.require("arch/" + name + ".json"));
        check(reference, reference, reference.getInt("context"), ranks, Split.EQUAL);
    }

    private static void check(JsonObject reference, JsonObject results, int context, int ranks, Split split)
            throws IOException {
        int[] prompt = ids(reference.getJsonArray("prompt"));
        int[] greedy = ids(results.getJsonArray("greedy"));
        float[] expected = floats(TestData.require("arch/" + results.getString("logits")));
        try (Model model = new Model(GgufFile.open(TestData.require("arch/" + reference.getString("model"))));
                RankGroup group = Groups.start(model, ranks, split, "f32", context, 32, HostKernels.vector())) {
            int vocabulary = model.config().vocabulary();
            for (int row = 0; row < prompt.length; row++) {
                float[] logits = step(group, prompt[row], row);
                for (int token = 0; token < vocabulary; token++) {
                    assertThat(logits[token])
                            .as("position %d, token %d", row, token)
                            .isCloseTo(expected[row * vocabulary + token], within(TOLERANCE));
                }
            }
            // All tokens in one pass, then one token per pass.
            float[] logits = Groups.logits(group, prompt);
            for (int i = 0; i < greedy.length; i++) {
                assertThat(largest(logits)).as("id %d", i).isEqualTo(greedy[i]);
                logits = step(group, greedy[i], prompt.length + i);
            }
        }
    }

    private static float[] step(RankGroup group, int token, int position) {
        group.forward(new int[] {token}, position, true);
        return group.logits().toArray(ValueLayout.JAVA_FLOAT);
    }

    private static int largest(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return best;
    }

    private static int[] ids(JsonArray array) {
        return array.stream().mapToInt(value -> ((JsonNumber) value).intValue()).toArray();
    }

    private static float[] floats(Path path) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    private static JsonObject read(Path path) throws IOException {
        try (JsonReader reader = Json.createReader(Files.newBufferedReader(path))) {
            return reader.readObject();
        }
    }
}
