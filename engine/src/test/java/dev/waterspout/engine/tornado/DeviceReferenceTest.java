package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
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
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models of random weights against the logits of llama.cpp, on the first device: the emulator's, or an SDK's. */
@Timeout(600)
class DeviceReferenceTest {
    /** Longer than a window of these models, which is 8. */
    private static final int TOKENS = 12;

    private static final float TOLERANCE = 1e-4f;

    @ParameterizedTest(name = "{0} on {1} ranks")
    @CsvSource({"gemma2, 1", "gemma2, 2", "phi3, 2", "commandr, 2", "starcoder2, 1"})
    void agreesWithTheReference(String name, int ranks) throws IOException {
        JsonObject reference;
        try (JsonReader reader =
                Json.createReader(Files.newBufferedReader(TestData.require("arch/" + name + ".json")))) {
            reference = reader.readObject();
        }
        int[] prompt = reference.getJsonArray("prompt").getValuesAs(JsonNumber.class).stream()
                .mapToInt(JsonNumber::intValue)
                .limit(TOKENS)
                .toArray();
        byte[] bytes = Files.readAllBytes(TestData.require("arch/" + reference.getString("logits")));
        Device device = firstDevice();
        RankOptions options =
                new RankOptions(16, TOKENS - 1, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(5));
        try (Model model = new Model(GgufFile.open(TestData.require("arch/" + reference.getString("model"))));
                RankGroup group = RankGroup.inProcess(
                        model,
                        ShardPlan.of(model, ranks, List.of()),
                        options,
                        Collections.nCopies(ranks, device.shards()))) {
            group.preload((loaded, total) -> {});
            int vocabulary = model.config().vocabulary();
            int[] chunk = Arrays.copyOf(prompt, TOKENS - 1);
            group.forward(chunk, 0, true);
            check(group, bytes, TOKENS - 2, vocabulary);
            group.forward(new int[] {prompt[TOKENS - 1]}, TOKENS - 1, true);
            check(group, bytes, TOKENS - 1, vocabulary);
        }
    }

    /** A published kind of file: V and down are Q6_K in some layers, Q4_K in others. */
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
        return new DeviceCatalog()
                .list().stream()
                        .filter(each -> !each.name().equals("host"))
                        .findFirst()
                        .orElseThrow();
    }

    private static void checkLikeHost(RankGroup group, RankGroup host) {
        assertThat(group.logits().toArray(ValueLayout.JAVA_FLOAT))
                .containsExactly(host.logits().toArray(ValueLayout.JAVA_FLOAT), within(2e-4f));
    }

    private static void check(RankGroup group, byte[] expected, int row, int vocabulary) {
        float[] wanted = new float[vocabulary];
        ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(row * vocabulary, wanted);
        assertThat(group.logits().toArray(ValueLayout.JAVA_FLOAT))
                .as("position %d", row)
                .containsExactly(wanted, within(TOLERANCE));
    }
}
