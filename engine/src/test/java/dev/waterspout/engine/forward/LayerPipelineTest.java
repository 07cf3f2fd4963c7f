package dev.waterspout.engine.forward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows that pass through the layers in parts give the same bits as rows that pass together. */
@Timeout(120)
class LayerPipelineTest {
    private static final int CONTEXT = 160;
    private static final int CHUNK = 75;

    private static CommSchedule schedule(String format, String algorithm) {
        CommChoice choice = new CommChoice(
                Algorithm.valueOf(algorithm), WireFormat.parse(format), algorithm.equals("ALLGATHER") ? 7 : 20);
        return new CommSchedule(List.of(new CommSchedule.Step(CHUNK, choice)));
    }

    /**
     * The logits of the last token of two chunks and of one token after them, and the number of messages that rank 0
     * sent.
     */
    private record Results(List<float[]> logits, long messages) {}

    private static Results run(Model model, ShardPlan plan, CommSchedule schedule, Overlap overlap) {
        RankOptions options = new RankOptions(CONTEXT, CHUNK, 1, schedule, Duration.ofSeconds(60)).withOverlap(overlap);
        List<float[]> logits = new ArrayList<>();
        try (RankGroup group = RankGroup.inProcess(
                model, plan, options, Collections.nCopies(plan.ranks(), HostShard.factory(HostKernels.vector())))) {
            int[] tokens = new Random(4).ints(2 * CHUNK - 5, 0, 200).toArray();
            logits.add(Groups.logits(group, tokens));
            group.forward(new int[] {7}, tokens.length, true);
            logits.add(group.logits().toArray(ValueLayout.JAVA_FLOAT));
            return new Results(
                    logits, group.work().getFirst().exchange().total().messages());
        }
    }

    @ParameterizedTest(name = "{0} on {1} ranks, {2}, {3}, whole attention {4}")
    @CsvSource({
        "llama-bias, 2, f32, ALLGATHER, false",
        "qwen3, 3, e2m1:32:e8m0, ALLGATHER, false",
        "gemma2, 2, e2m1:32:e8m0, TWOSTEP, false",
        "gemma3, 4, bf16, TWOSTEP, false",
        "granite, 2, f32, TWOSTEP, true",
        "olmo2, 3, e4m3, ALLGATHER, true",
        "commandr, 2, e2m1:32:e8m0, ALLGATHER, false",
        "qwen2moe, 2, f32, ALLGATHER, false",
        "mixtral, 3, e2m1:32:e8m0, TWOSTEP, false",
        "deepseek2, 2, bf16, ALLGATHER, false",
        "gptoss, 2, f32, ALLGATHER, false"
    })
    void partsHaveTheBitsOfTheWhole(String name, int ranks, String format, String algorithm, boolean wholeAttention)
            throws IOException {
        try (Model model = new Model(GgufFile.open(TestData.require("arch/" + name + ".gguf")))) {
            ShardPlan plan = ShardPlan.of(model, ranks, Split.EQUAL.withWholeAttention(wholeAttention));
            CommSchedule schedule = schedule(format, algorithm);
            assertThat(LayerPipeline.divides(schedule, CHUNK)).isTrue();
            Results whole = run(model, plan, schedule, Overlap.OFF);
            Results parts = run(model, plan, schedule, Overlap.ON);
            for (int i = 0; i < 2; i++) {
                assertThat(parts.logits.get(i)).isEqualTo(whole.logits.get(i));
            }
            // A pass has more chunks than parts.
            assertThat(parts.messages).isLessThan(whole.messages);
        }
    }

    @Test
    void passesOfFewRowsAreNotDivided() {
        assertThat(LayerPipeline.divides(schedule("f32", "ALLGATHER"), 31)).isFalse();
        assertThat(LayerPipeline.divides(schedule("f32", "ALLGATHER"), 32)).isTrue();
        assertThat(LayerPipeline.divides(schedule("f32", "TWOSTEP"), 47)).isFalse();
        assertThat(LayerPipeline.divides(schedule("f32", "TWOSTEP"), 48)).isTrue();
    }
}
