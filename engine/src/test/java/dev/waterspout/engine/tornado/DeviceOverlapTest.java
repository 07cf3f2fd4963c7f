package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rows that pass through the layers of devices in parts give the same bits as rows that pass together. Runs on the
 * first available devices: the emulator's by default, an SDK's with the profile tornadovm.
 */
@Timeout(300)
class DeviceOverlapTest {
    private static final int CHUNK = 64;
    private static final int TOKENS = 100;
    private static final int CONTEXT = 128;

    /** The logits of the last token of two chunks and of one token after them, and the messages of rank 0. */
    private record Results(List<float[]> logits, long messages) {}

    /** D is a device, H the host. */
    private static List<ShardFactory> factories(String ranks) {
        List<Device> devices = new DeviceCatalog()
                .list().stream().filter(device -> !device.name().equals("host")).toList();
        List<ShardFactory> factories = new ArrayList<>();
        for (int rank = 0; rank < ranks.length(); rank++) {
            factories.add(
                    ranks.charAt(rank) == 'H'
                            ? HostShard.factory(HostKernels.vector())
                            : devices.get(rank % devices.size()).shards());
        }
        return factories;
    }

    private static Results run(Model model, String ranks, CommSchedule schedule, Overlap overlap) {
        RankOptions options = new RankOptions(CONTEXT, CHUNK, 1, schedule, Duration.ofMinutes(2)).withOverlap(overlap);
        ShardPlan plan = ShardPlan.of(model, ranks.length(), List.of());
        List<float[]> logits = new ArrayList<>();
        try (RankGroup group = RankGroup.inProcess(model, plan, options, factories(ranks))) {
            group.preload((bytes, total) -> {});
            int[] tokens = new Random(4).ints(TOKENS, 0, 200).toArray();
            logits.add(Groups.logits(group, tokens));
            group.forward(new int[] {7}, TOKENS, true);
            logits.add(group.logits().toArray(ValueLayout.JAVA_FLOAT));
            return new Results(
                    logits, group.work().getFirst().exchange().total().messages());
        }
    }

    /** Llama-like, and with norms behind the halves; the emulator's second device is slow. */
    @ParameterizedTest(name = "{0} on {1}, {2}, {3}")
    @CsvSource({"llama-bias, DH, f32, ALLGATHER", "gemma2, DH, e2m1:32:e8m0, TWOSTEP"})
    void partsHaveTheBitsOfTheWhole(String name, String ranks, String format, String algorithm) throws IOException {
        boolean gathers = algorithm.equals("ALLGATHER");
        CommChoice choice = new CommChoice(Algorithm.valueOf(algorithm), WireFormat.parse(format), gathers ? 4 : 16);
        CommSchedule schedule = new CommSchedule(List.of(new CommSchedule.Step(CHUNK, choice)));
        assertThat(Overlap.parts(schedule, TOKENS - CHUNK)).isEqualTo(gathers ? 2 : 1);
        assertThat(Overlap.parts(schedule, CHUNK)).isEqualTo(gathers ? 2 : 3);
        try (Model model = new Model(GgufFile.open(TestData.require("arch/" + name + ".gguf")))) {
            Results whole = run(model, ranks, schedule, Overlap.OFF);
            Results parts = run(model, ranks, schedule, Overlap.ON);
            for (int i = 0; i < 2; i++) {
                assertThat(parts.logits.get(i)).isEqualTo(whole.logits.get(i));
            }
            // A pass has more chunks than its parts.
            assertThat(parts.messages).isLessThan(whole.messages);
        }
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest(name = "{0} on {1}, {2}, {3}")
    @CsvSource({
        "llama-bias, DD, f32, ALLGATHER",
        "llama-bias, HD, e2m1:32:e8m0, ALLGATHER",
        "commandr, DD, e2m1:32:e8m0, ALLGATHER",
        "commandr, HD, f32, ALLGATHER",
        "mixtral, DD, f32, ALLGATHER",
        "deepseek2, HD, bf16, ALLGATHER",
        "gemma3, DD, bf16, TWOSTEP",
        "qwen3, DH, f32, TWOSTEP"
    })
    void partsOfOtherModelsHaveTheBitsOfTheWhole(String name, String ranks, String format, String algorithm)
            throws IOException {
        partsHaveTheBitsOfTheWhole(name, ranks, format, algorithm);
    }
}
