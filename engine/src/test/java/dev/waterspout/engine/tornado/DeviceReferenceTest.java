package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.testing.TestData;
import jakarta.json.Json;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Compares models of random weights on the first device, the emulator's or an SDK's, with the logits of llama.cpp. The
 * property {@code tested.devices} names another one, such as {@code tornado:cuda}.
 */
@Timeout(600)
class DeviceReferenceTest {
    /** Longer than the window of these models, which is 8. */
    private static final int TOKENS = 12;

    private static final float TOLERANCE = 1e-4f;

    /** The ranks of a group: D is the first device, H the host. */
    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource({
        "gemma2, D",
        "gemma2, DD",
        "phi3, DD",
        "commandr, DD",
        "starcoder2, D",
        "olmo2, DH",
        "mixtral, DD",
        "qwen3moe, DH",
        "qwen2moe, D",
        "gptoss, DH",
        "deepseek2, DH"
    })
    void agreesWithTheReference(String name, String ranks) throws IOException {
        assertAgrees(name, ranks, Split.EQUAL);
    }

    /** With the other test, every architecture of the reference data runs on a device alone, and beside the host. */
    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource({
        "gemma2, DH",
        "gemma3, D",
        "gemma3, DH",
        "deepseek2, D",
        "deepseek2, DD",
        "phi3, D",
        "phi3, DH",
        "phi3-longrope, D",
        "phi3-longrope, DH",
        "commandr, D",
        "commandr, DH",
        "starcoder2, DH",
        "granite, D",
        "granite, DH",
        "smollm3, D",
        "smollm3, DH",
        "olmo2, D",
        "mixtral, D",
        "mixtral, HD",
        "llama-bias, D",
        "llama-bias, DH",
        "llama-linear, D",
        "llama-linear, DH",
        "llama-yarn, D",
        "llama-yarn, DH",
        "llama3rope, D",
        "llama3rope, DH",
        "qwen2, D",
        "qwen2, DH",
        "qwen3, D",
        "qwen3, DH",
        "qwen3-tied, D",
        "qwen3-tied, DH",
        "qwen3moe, D",
        "qwen2moe, DH",
        "gptoss, D"
    })
    void alsoAgreesWithTheReference(String name, String ranks) throws IOException {
        agreesWithTheReference(name, ranks);
    }

    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource({"qwen2moe, DH"})
    void wholeExpertsAgreeWithTheReference(String name, String ranks) throws IOException {
        assertAgrees(name, ranks, new Split(List.of(), true));
    }

    /** With partials of 4.25 bits per value the error is about that of ranks on the host. */
    @ParameterizedTest(name = "{0} on {1}")
    @CsvSource({"gptoss, DH", "mixtral, DD"})
    void compressedPartialsHaveTheErrorOfTheHost(String name, String ranks) throws IOException {
        WireFormat format = WireFormat.parse("e2m1:32:e8m0");
        double host = distance(name, "HH", format);
        assertThat(host).isPositive();
        assertThat(distance(name, ranks, format)).isCloseTo(host, within(0.5 * host));
    }

    /** The root of the mean square difference of the last token's logits. */
    private static double distance(String name, String ranks, WireFormat format) throws IOException {
        double[] squares = {0};
        compare(name, ranks, Split.EQUAL, format, (found, wanted) -> {
            squares[0] = 0;
            for (int i = 0; i < wanted.length; i++) {
                squares[0] += Math.pow((double) found[i] - wanted[i], 2) / wanted.length;
            }
        });
        return Math.sqrt(squares[0]);
    }

    private static void assertAgrees(String name, String ranks, Split split) throws IOException {
        compare(
                name,
                ranks,
                split,
                PlainFormat.F32,
                (found, wanted) -> assertThat(found).containsExactly(wanted, within(TOLERANCE)));
    }

    /** Runs a chunk and one more token, and compares the last logits of each. */
    private static void compare(
            String name, String ranks, Split split, WireFormat format, BiConsumer<float[], float[]> comparison)
            throws IOException {
        JsonObject reference;
        try (JsonReader reader =
                Json.createReader(Files.newBufferedReader(TestData.require("arch/" + name + ".json")))) {
            reference = reader.readObject();
        }
        int[] prompt = reference.getJsonArray("prompt").getValuesAs(JsonNumber.class).stream()
                .mapToInt(JsonNumber::intValue)
                .limit(TOKENS)
                .toArray();
        // A small cache has its own logits where the model's rotary factors depend on the size of the cache.
        JsonObject results = reference.containsKey("context_256") ? reference.getJsonObject("context_256") : reference;
        byte[] bytes = Files.readAllBytes(TestData.require("arch/" + results.getString("logits")));
        List<ShardFactory> devices = ranks.chars()
                .mapToObj(each -> each == 'H'
                        ? HostShard.factory(HostKernels.scalar())
                        : firstDevice().shards())
                .toList();
        RankOptions options = new RankOptions(16, TOKENS - 1, 1, CommSchedule.fixed(format), Duration.ofMinutes(5));
        try (Model model = new Model(GgufFile.open(TestData.require("arch/" + reference.getString("model"))));
                RankGroup group =
                        RankGroup.inProcess(model, ShardPlan.of(model, devices.size(), split), options, devices)) {
            group.preload((loaded, total) -> {});
            int vocabulary = model.config().vocabulary();
            int[] chunk = Arrays.copyOf(prompt, TOKENS - 1);
            group.forward(chunk, 0, true);
            comparison.accept(logits(group), row(bytes, TOKENS - 2, vocabulary));
            group.forward(new int[] {prompt[TOKENS - 1]}, TOKENS - 1, true);
            comparison.accept(logits(group), row(bytes, TOKENS - 1, vocabulary));
        }
    }

    /** A common mixture (Q4_K_M): V and down are Q6_K in some layers and Q4_K in others. */
    @Test
    void layersMixTensorTypes() {
        int[] prompt = {1, 70, 259, 31, 200, 5};
        RankOptions options =
                new RankOptions(16, prompt.length, 1, CommSchedule.fixed(PlainFormat.F32), Duration.ofMinutes(5));
        try (Model model = new Model(GgufFile.open(TestData.require("orator-mixes/orator-Q4_K_M.gguf")));
                RankGroup host = Groups.start(model, 1, List.of(), "f32", 16, prompt.length, HostKernels.scalar());
                RankGroup group = RankGroup.inProcess(
                        model,
                        ShardPlan.of(model, 1, List.of()),
                        options,
                        List.of(firstDevice().shards()))) {
            group.preload((loaded, total) -> {});
            for (RankGroup each : List.of(host, group)) {
                each.forward(prompt, 0, true);
            }
            checkLikeHost(group, host);
            for (RankGroup each : List.of(host, group)) {
                each.forward(new int[] {90}, prompt.length, true);
            }
            checkLikeHost(group, host);
        }
    }

    private static Device firstDevice() {
        return TornadoShardTest.devices().findFirst().orElseThrow();
    }

    private static void checkLikeHost(RankGroup group, RankGroup host) {
        assertThat(group.logits().toArray(ValueLayout.JAVA_FLOAT))
                .containsExactly(host.logits().toArray(ValueLayout.JAVA_FLOAT), within(2e-4f));
    }

    private static float[] logits(RankGroup group) {
        return group.logits().toArray(ValueLayout.JAVA_FLOAT);
    }

    private static float[] row(byte[] logits, int row, int vocabulary) {
        float[] wanted = new float[vocabulary];
        ByteBuffer.wrap(logits).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(row * vocabulary, wanted);
        return wanted;
    }
}
