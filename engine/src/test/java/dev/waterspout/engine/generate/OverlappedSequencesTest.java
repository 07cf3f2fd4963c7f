package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Passes with one token of each of many sequences are divided like those of a prompt, with the same tokens. */
@Timeout(240)
class OverlappedSequencesTest {
    /** One more than the least number of rows of two parts, twice, so that parts are unlike. */
    private static final int SEQUENCES = 34;

    private static final int CONTEXT = 8;
    private static final int PREDICT = 4;
    private static final int BLOCK = BatchLimits.BLOCK_SIZE;

    /** What a run generates. */
    private record Results(List<List<Integer>> tokens, long messages, long steps) {}

    static Stream<Arguments> groups() {
        List<Device> all = new DeviceCatalog().list();
        Device host = all.getFirst();
        return Stream.of(
                Arguments.of(List.of(host, host), "e2m1:32:e8m0"), Arguments.of(List.of(all.get(1), host), "f32"));
    }

    private static Results run(Model model, List<Device> devices, String format, Overlap overlap) {
        CommChoice choice = new CommChoice(Algorithm.ALLGATHER, WireFormat.parse(format), CommChoice.UNCUT);
        BatchLimits limits = new BatchLimits(SEQUENCES, SEQUENCES, CONTEXT, BLOCK, SEQUENCES);
        RankOptions options = new RankOptions(
                        SEQUENCES, SEQUENCES, 1, CommSchedule.fixed(choice), Duration.ofMinutes(2), SEQUENCES)
                .withLimits(limits)
                .withOverlap(overlap);
        ShardPlan plan = ShardPlan.of(model, devices.size(), List.of());
        List<int[]> prompts = prompts();
        try (RankGroup group = RankGroup.inProcess(
                model, plan, options, devices.stream().map(Device::shards).toList())) {
            group.preload((bytes, total) -> {});
            Generator generator = new Generator(model.tokenizer(), group);
            List<Generation> generations = prompts.stream()
                    .map(prompt -> generator.begin(
                            prompt, new GenerationExtent(0, PREDICT, true), new Sampler(SamplingParameters.greedy())))
                    .toList();
            generator.beginTogether(generations);
            List<List<Integer>> tokens =
                    generations.stream().map(OverlappedSequencesTest::read).toList();
            long messages = group.work().getFirst().exchange().total().messages();
            return new Results(tokens, messages, group.loop().steps());
        }
    }

    /** A token each. */
    private static List<int[]> prompts() {
        SplittableRandom random = new SplittableRandom(3);
        return IntStream.range(0, SEQUENCES)
                .mapToObj(_ -> new int[] {random.nextInt(3, SmallModel.VOCABULARY)})
                .toList();
    }

    private static List<Integer> read(Generation generation) {
        while (!generation.ended()) {
            generation.advance();
        }
        return generation.report().generated();
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("groups")
    void dividedDecodeGivesTheSameTokens(List<Device> devices, String format) {
        try (Model model = SmallModel.of("llama").load()) {
            Results whole = run(model, devices, format, Overlap.OFF);
            Results parts = run(model, devices, format, Overlap.ON);
            assertThat(parts.tokens).isEqualTo(whole.tokens);
            assertThat(whole.tokens.stream().distinct().count()).isGreaterThan(SEQUENCES / 2);
            assertThat(parts.steps).isEqualTo(whole.steps);
            // Each exchange of a divided pass is two.
            long more = parts.messages - whole.messages;
            assertThat(more).isEqualTo(2L * SmallModel.LAYERS * whole.steps + 1);
        }
    }
}
