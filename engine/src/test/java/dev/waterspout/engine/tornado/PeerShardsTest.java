package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.Generator;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.generate.Sampler;
import dev.waterspout.engine.generate.SamplingParameters;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares partials copied from device to device with partials that pass through the host. */
@Timeout(300)
class PeerShardsTest {
    private static final int[] PROMPT = {1, 70, 259};

    private static List<ShardFactory> devices(String prefix) {
        return new DeviceCatalog()
                .list().stream()
                        .filter(device -> device.name().startsWith(prefix))
                        .map(Device::shards)
                        .toList();
    }

    private static List<ShardFactory> devices(String backend, int count) {
        List<ShardFactory> devices = devices("tornado:" + backend + ":");
        assumeTrue(devices.size() > 1, "skipped: needs two devices of an SDK's backend " + backend);
        List<ShardFactory> ranks = new ArrayList<>();
        for (int rank = 0; rank < count; rank++) {
            ranks.add(devices.get(rank % 2));
        }
        return ranks;
    }

    private static List<ShardFactory> connected(List<ShardFactory> ranks) {
        PeerShards.Result result = PeerShards.connect(ranks);
        assertThat(result).isInstanceOf(PeerShards.Result.Connected.class);
        return ((PeerShards.Result.Connected) result).shards();
    }

    private static RankGroup group(Model model, String comm, int context, List<ShardFactory> ranks) {
        ShardPlan plan = ShardPlan.of(model, ranks.size(), List.of());
        int chunk = Math.min(context, 32);
        RankOptions options =
                new RankOptions(context, chunk, 1, CommSchedule.fixed(WireFormat.parse(comm)), Duration.ofMinutes(2));
        RankGroup group = RankGroup.inProcess(model, plan, options, ranks);
        group.preload((bytes, total) -> {});
        return group;
    }

    @Test
    void theEmulatorAndTheHostAreRefusedWithAReason() {
        List<ShardFactory> emulated = devices("emulator:");
        assumeTrue(!emulated.isEmpty(), "skipped: an SDK is running");
        assertThat(PeerShards.connect(emulated))
                .isEqualTo(new PeerShards.Result.Refused("devices of the emulator have no memory of their own"));
        ShardFactory host = devices("host").getFirst();
        assertThat(PeerShards.connect(List.of(emulated.getFirst(), host)))
                .isEqualTo(new PeerShards.Result.Refused("rank 1 is not on a TornadoVM device"));
    }

    /** The logits and the traffic of a group over several chunks and tokens. */
    private record Outcome(List<float[]> logits, List<Traffic> traffic) {
        static Outcome of(RankGroup group) {
            List<float[]> logits = new ArrayList<>();
            logits.add(Groups.logits(group, PROMPT));
            for (int token = 0; token < 4; token++) {
                group.forward(new int[] {90 + token}, PROMPT.length + token, true);
                logits.add(group.logits().toArray(ValueLayout.JAVA_FLOAT));
            }
            group.forward(PROMPT, PROMPT.length + 4, true);
            logits.add(group.logits().toArray(ValueLayout.JAVA_FLOAT));
            return new Outcome(
                    logits,
                    group.work().stream().map(work -> work.exchange().total()).toList());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "opencl, f32, 2",
        "opencl, e2m1:32:e8m0, 2",
        "opencl, bf16, 2",
        "opencl, e2m1:32:e8m0, 4",
        "cuda, f32, 2",
        "cuda, e2m1:32:e8m0, 4"
    })
    void isBitEqualToTheExchangeThroughTheHost(String backend, String comm, int count) {
        List<ShardFactory> ranks = devices(backend, count);
        try (Model model = SmallModel.of("llama").load();
                RankGroup staged = group(model, comm, 16, ranks);
                RankGroup peer = group(model, comm, 16, connected(ranks))) {
            Outcome expected = Outcome.of(staged);
            Outcome found = Outcome.of(peer);
            for (int each = 0; each < expected.logits().size(); each++) {
                assertThat(found.logits().get(each)).isEqualTo(expected.logits().get(each));
            }
            assertThat(found.traffic()).isEqualTo(expected.traffic());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void writesTheTextOfTheExchangeThroughTheHost(String backend) throws IOException {
        String comm = "e2m1:32:e8m0";
        List<ShardFactory> ranks = devices(backend, 2);
        try (Model model = new Model(GgufFile.open(TestData.require("orator-q8_0.gguf")))) {
            String staged = text(model, comm, ranks);
            assertThat(text(model, comm, connected(ranks))).isEqualTo(staged).hasSizeGreaterThan(40);
        }
    }

    private static String text(Model model, String comm, List<ShardFactory> ranks) {
        StringBuilder text = new StringBuilder();
        try (RankGroup group = group(model, comm, 64, ranks)) {
            Generator generator = new Generator(model.tokenizer(), group);
            generator.generate(
                    generator.tokenize("We the people of the United States"),
                    24,
                    new Sampler(SamplingParameters.greedy()),
                    text::append);
        }
        return text.toString();
    }
}
