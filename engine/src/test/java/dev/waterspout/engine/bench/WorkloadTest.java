package dev.waterspout.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.host.HostKernels;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class WorkloadTest {
    @ParameterizedTest
    @CsvSource({"512,0,0,pp512,512", "0,128,0,tg128,129", "64,16,0,pp64+tg16,80", "0,8,100,tg8 @ d100,109"})
    void hasANameAndPositions(int prompt, int generate, int depth, String label, int positions) {
        Workload workload = new Workload(prompt, generate, depth);
        assertThat(workload.label()).isEqualTo(label);
        assertThat(workload.positions()).isEqualTo(positions);
        assertThat(workload.tokens()).isEqualTo(prompt + generate);
    }

    @Test
    void severalSequencesShareThePassesAndEachHasItsPositions() {
        Workload workload = new Workload(64, 16, 10, 4);
        assertThat(workload.label()).isEqualTo("4 x pp64+tg16 @ d10");
        assertThat(workload.positions()).isEqualTo(90);
        assertThat(workload.tokens()).isEqualTo(320);
        assertThatThrownBy(() -> new Workload(64, 16, 10, 0)).hasMessageContaining("parallel sequences 0");
        try (Model model = SmallModel.of("llama").load()) {
            ShardPlan plan = ShardPlan.of(model, 2, List.of());
            WorkloadCost one = WorkloadCost.of(model, plan, 8, new Workload(0, 5, 0));
            WorkloadCost four = WorkloadCost.of(model, plan, 8, new Workload(0, 5, 0, 4));
            assertThat(four.weightBytes()).isEqualTo(one.weightBytes());
            assertThat(four.flops()).isEqualTo(4 * one.flops(), within(1.0));
            WorkloadCost prompts = WorkloadCost.of(model, plan, 8, new Workload(4, 0, 0, 4));
            WorkloadCost prompt = WorkloadCost.of(model, plan, 8, new Workload(16, 0, 0));
            assertThat(prompts.weightBytes()).isEqualTo(prompt.weightBytes());
        }
    }

    /** Repeated runs find the tokens before the tested ones in the cache, and compute nothing twice. */
    @ParameterizedTest
    @CsvSource({"10,0,0", "0,5,0", "6,4,0", "0,3,200", "5,2,130"})
    void severalSequencesRunAtTheSameTime(int prompt, int generate, int depth) {
        Workload workload = new Workload(prompt, generate, depth, 5);
        BatchLimits limits = BatchLimits.of(5, 64, 210, 5L * 3 * BatchLimits.BLOCK_SIZE);
        RankOptions options =
                new RankOptions(210, 64, 1, CommSchedule.fixed(PlainFormat.F32), Duration.ofSeconds(30), 5);
        try (Model model = SmallModel.of("llama").load();
                RankGroup group = RankGroup.inProcess(
                        model,
                        ShardPlan.of(model, 1, List.of()),
                        options.withLimits(limits),
                        List.of(HostShard.factory(HostKernels.vector())))) {
            WorkloadRunner runner = new WorkloadRunner(model, group, workload);
            runner.fill();
            for (int run = 0; run < 4; run++) {
                assertThat(runner.run()).isPositive();
            }
        }
    }

    @Test
    void refusesEmptyAndNegativeSizes() {
        assertThatThrownBy(() -> new Workload(0, 0, 5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Workload(5, 1, -1)).hasMessageContaining("depth -1");
    }

    @Test
    void everyPassReadsTheWeightsOnceAndTheHeadOnlyForLogits() {
        try (Model model = SmallModel.of("llama").load()) {
            double head = 4.0 * model.config().vocabulary() * model.config().width(); // f32
            ShardPlan plan = ShardPlan.of(model, 2, List.of());
            WorkloadCost token = WorkloadCost.of(model, plan, 8, new Workload(0, 1, 0));
            // f32: two operations for every four bytes.
            assertThat(token.flops()).isEqualTo(token.weightBytes() / 2, within(1.0));
            WorkloadCost prompt = WorkloadCost.of(model, plan, 8, new Workload(20, 0, 0));
            assertThat(prompt.weightBytes()).isEqualTo(3 * (token.weightBytes() - head) + head, within(1.0));
            assertThat(prompt.flops()).isEqualTo(20 * (token.flops() - head / 2) + head / 2, within(1.0));
        }
    }

    @ParameterizedTest
    @CsvSource({"10,0,0", "0,5,0", "6,4,0", "0,3,7", "5,2,6"})
    void runsThroughTheGenerationLoop(int prompt, int generate, int depth) {
        Workload workload = new Workload(prompt, generate, depth);
        try (Model model = SmallModel.of("llama").load();
                var group = Groups.start(model, 2, List.of(), "f32", workload.positions(), 4, HostKernels.vector())) {
            WorkloadRunner runner = new WorkloadRunner(model, group, workload);
            runner.fill();
            assertThat(runner.run()).isPositive();
            assertThat(runner.run()).isPositive();
        }
    }
}
