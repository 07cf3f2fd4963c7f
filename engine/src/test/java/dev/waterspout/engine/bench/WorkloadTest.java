package dev.waterspout.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.host.HostKernels;
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
    void refusesNothingAndLessThanNothing() {
        assertThatThrownBy(() -> new Workload(0, 0, 5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Workload(5, 1, -1)).hasMessageContaining("depth -1");
    }

    @Test
    void everyPassReadsTheWeightsOnceAndTheHeadWhereLogitsAreWanted() {
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
