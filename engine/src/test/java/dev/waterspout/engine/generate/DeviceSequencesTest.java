package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * On devices, too, greedy decoding of a sequence gives the same tokens alone and in a batch, with shared prefixes and
 * after preemption. Runs on the first available device: the emulator's by default, an SDK's with the profile
 * tornadovm.
 */
@Timeout(300)
class DeviceSequencesTest {
    private static final int SEQUENCES = 3;
    private static final int CONTEXT = 16;
    private static final int PREDICT = 4;

    /** Devices alone with small KV blocks, and devices with the host, which needs blocks of its own size. */
    static Stream<Arguments> groups() {
        List<Device> all = new DeviceCatalog().list();
        Device first = all.get(1);
        return Stream.of(
                Arguments.of(List.of(first), "f32", 4, 6),
                Arguments.of(List.of(first, all.getFirst()), "e2m1:32:e8m0", BatchLimits.BLOCK_SIZE, 2));
    }

    /** Texts of 1, 6 and 11 tokens; the second one begins as the first one. */
    private static List<int[]> prompts() {
        SplittableRandom random = new SplittableRandom(11);
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < SEQUENCES; i++) {
            int[] prompt = random.ints(1 + i * 5L, 3, SmallModel.VOCABULARY).toArray();
            if (i % 2 == 1) {
                int[] before = prompts.getLast();
                System.arraycopy(before, 0, prompt, 0, before.length);
            }
            prompts.add(prompt);
        }
        return prompts;
    }

    private static List<List<Integer>> together(Model model, RankGroup group, List<int[]> prompts, int reuse) {
        Generator generator = new Generator(model.tokenizer(), group);
        List<Generation> generations = prompts.stream()
                .map(prompt -> generator.begin(
                        prompt, new GenerationExtent(reuse, PREDICT, true), new Sampler(SamplingParameters.greedy())))
                .toList();
        generator.beginTogether(generations);
        return generations.stream().map(DeviceSequencesTest::read).toList();
    }

    private static List<Integer> read(Generation generation) {
        while (!generation.ended()) {
            generation.advance();
        }
        return generation.report().generated();
    }

    private static RankGroup start(Model model, List<Device> devices, String comm, int blockSize, int blocks) {
        RankOptions options = new RankOptions(
                CONTEXT, CONTEXT, 1, CommSchedule.fixed(WireFormat.parse(comm)), Duration.ofMinutes(2), SEQUENCES);
        RankGroup group = RankGroup.inProcess(
                model,
                ShardPlan.of(model, devices.size(), List.of()),
                options.withLimits(new BatchLimits(SEQUENCES, 7, CONTEXT, blockSize, blocks)),
                devices.stream().map(Device::shards).toList());
        group.preload((bytes, total) -> {});
        return group;
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("groups")
    void aBatchGivesTheTextsOfSingleSequences(List<Device> devices, String comm, int blockSize, int blocks) {
        List<int[]> prompts = prompts();
        try (Model model = SmallModel.of("llama").load();
                RankGroup group = start(model, devices, comm, blockSize, blocks)) {
            List<List<Integer>> alone = prompts.stream()
                    .map(prompt -> together(model, group, List.of(prompt), 0).getFirst())
                    .toList();
            assertThat(alone).doesNotHaveDuplicates();
            assertThat(group.loop().preemptions()).isZero();
            long before = group.loop().steps();
            assertThat(together(model, group, prompts, 0)).isEqualTo(alone);
            // One sequence at a time needs a pass for every token.
            assertThat(group.loop().steps() - before).isLessThan((long) SEQUENCES * PREDICT);
            assertThat(group.loop().preemptions() > 0).isEqualTo(blockSize < CONTEXT);
            assertThat(together(model, group, prompts, GenerationExtent.ANY)).isEqualTo(alone);
        }
    }
}
