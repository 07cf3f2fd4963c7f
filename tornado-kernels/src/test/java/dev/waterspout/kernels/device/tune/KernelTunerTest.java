package dev.waterspout.kernels.device.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.DeviceIdentity;
import dev.waterspout.kernels.device.KernelCandidates;
import dev.waterspout.kernels.device.KernelChoice;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelGraph;
import dev.waterspout.kernels.weights.WeightFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** Tuning on the first device that the runtime lists. */
@Timeout(300)
class KernelTunerTest {
    private static final TornadoDevice DEVICE =
            TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);

    static Stream<TuneCase> cases() {
        WireFormat format = WireFormat.parse("e2m1:32:e8m0");
        return Stream.of(
                new LinearCase(WeightFormat.Q8_0, 3, 33, 64, 1, 1),
                new LinearCase(WeightFormat.F16, 1, 31, 64, 9, 5),
                new AttentionCase(4, 2, 16, 300, 3, 3),
                new QuantizeCase(format, 100, 4, 3),
                new QuantizeCase(WireFormat.parse("bf16"), 33, 4, 3),
                new SumCase(format, 3, 100, 4, 3));
    }

    /** Every candidate of the tuner computes the result of the reference. */
    @ParameterizedTest
    @MethodSource("cases")
    void everyCandidateIsRight(TuneCase tuned) {
        KernelDevice kernels = KernelDevice.of(DEVICE);
        DeviceTrials trials = new DeviceTrials(tuned, DEVICE, kernels);
        for (KernelChoice choice : KernelCandidates.of(tuned.shape(), kernels)) {
            try (Trial trial = trials.open(choice)) {
                assertThat(trial.mismatch()).as(choice.label()).isEmpty();
                assertThat(trial.run().kernelNanos()).isPositive();
                assertThat(trial.mismatch()).as(choice.label()).isEmpty();
            }
        }
    }

    /** A case compares the actual results: it reports a difference if the results of another run are in their place. */
    @ParameterizedTest
    @MethodSource("cases")
    void missingResultsAreReportedAsWrong(TuneCase tuned) {
        TuneOperands operands = tuned.operands();
        KernelGraph graph = operands.graph("unrun", KernelDevice.of(DEVICE));
        operands.prepare(0);
        graph.prepare();
        assertThat(operands.mismatch()).isPresent();

        GridScheduler grids = new GridScheduler();
        graph.addTo(grids);
        try (ProfiledPlan plan = new ProfiledPlan(graph.taskGraph(), grids, DEVICE)) {
            plan.run();
        }
        assertThat(operands.mismatch()).isEmpty();
    }

    @Test
    void tunesAllCasesAndReportsProgress() {
        List<String> progress = new ArrayList<>();
        List<TuneCase> cases = cases().limit(3).toList();

        List<TuneResult> results = new KernelTuner(DEVICE)
                .tune(cases, Duration.ofMillis(600), (done, all, next) -> progress.add(done + "/" + all + " " + next));

        assertThat(results).hasSameSizeAs(cases);
        assertThat(progress)
                .containsExactly(
                        "0/3 linear q8_0 33 x 64, 1 token",
                        "1/3 linear f16 31 x 64, 9 tokens",
                        "2/3 attention f32 4 heads of 16, 3 tokens",
                        "3/3 ");
        assertThat(results).allSatisfy(result -> {
            assertThat(result.rejected()).isEmpty();
            assertThat(result.timed()).contains(result.byDefault());
            assertThat(result.winner().median().kernelNanos()).isPositive();
            assertThat(result.gain()).isGreaterThanOrEqualTo(1);
        });
    }

    @Test
    void theLastKernelTimeOfTheLogCounts() {
        String log = """
            {
                "tune0": {
                    "TOTAL_KERNEL_TIME": "11",
                    "tune0.product": {
                        "TASK_KERNEL_TIME": "11"
                    }
                }
            }
            {
                "tune0": {
                    "tune0.product": {
                        "METHOD": "k",
                        "TASK_KERNEL_TIME": "7"
                    }
                }
            }
            """;
        assertThat(ProfiledPlan.kernelNanos(log)).isEqualTo(7);
        assertThatThrownBy(() -> ProfiledPlan.kernelNanos("{}")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aDeviceHasAnIdentity() {
        DeviceIdentity identity = DeviceIdentity.of(DEVICE);

        assertThat(identity.backend()).isNotBlank();
        assertThat(identity.device()).isNotBlank().doesNotContain("\n");
        assertThat(identity.driver()).isNotBlank().doesNotContain("\n");
        assertThat(identity).isEqualTo(DeviceIdentity.of(DEVICE));
    }
}
