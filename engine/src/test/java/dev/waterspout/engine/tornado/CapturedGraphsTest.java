package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.waterspout.engine.batch.BatchLimits;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.testing.CudaStandIn;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares decode by captured CUDA graphs with decode by single launches, on the stand-in for the CUDA driver. */
@Timeout(300)
class CapturedGraphsTest {
    private static final int CONTEXT = 16;
    /** More than one, so that replays of a graph differ in the layer. */
    private static final int LAYERS = 2;

    private static final int TOKENS = 4;

    private static final BatchLimits ONE = BatchLimits.ofOne(CONTEXT, 4);

    private CudaDevices found;
    private CudaStandIn driver;
    private List<TornadoShards> devices;

    @BeforeEach
    void cudaDevices() {
        found = CudaDevices.find();
        driver = found.driver();
        devices = found.shards();
    }

    /** The logits of each token of decode, and what the driver counted meanwhile. */
    private record Run(List<float[]> logits, long launches, long graphLaunches, long executions) {}

    private Run decode(List<? extends ShardFactory> ranks, String format, BatchLimits limits) {
        RankOptions options = new RankOptions(
                        CONTEXT, 4, 1, CommSchedule.fixed(WireFormat.parse(format)), Duration.ofMinutes(2), 2)
                .withLimits(limits);
        List<float[]> logits = new ArrayList<>();
        try (Model model = SmallModel.of("llama").withLayers(LAYERS).load();
                RankGroup group = RankGroup.inProcess(
                        model, ShardPlan.of(model, ranks.size(), List.of()), options, List.copyOf(ranks))) {
            group.preload((bytes, total) -> {});
            group.forward(new int[] {1, 70, 259}, 0, true);
            group.forward(new int[] {90}, 3, true);
            long launches = driver.count("launches");
            long graphLaunches = driver.count("graph launches");
            for (int token = 0; token < TOKENS; token++) {
                group.forward(new int[] {91 + token}, 4 + token, true);
                logits.add(group.logits().toArray(ValueLayout.JAVA_FLOAT));
            }
            return new Run(
                    logits,
                    driver.count("launches") - launches,
                    driver.count("graph launches") - graphLaunches,
                    (long) TOKENS * ranks.size() * (1 + 2 * LAYERS));
        }
    }

    private static List<TornadoShards> uncaptured(List<TornadoShards> ranks) {
        return ranks.stream().map(rank -> rank.withCapture(false)).toList();
    }

    @ParameterizedTest(name = "{0} ranks, {1}")
    @CsvSource({"1, f32", "2, e2m1:32:e8m0"})
    void capturedGraphsHaveTheSameLogits(int ranks, String format) {
        Assumptions.assumeTrue(devices.size() >= ranks, "skipped: there is one CUDA device");
        List<TornadoShards> shards = devices.subList(0, ranks);
        Run single = decode(uncaptured(shards), format, ONE);
        Run captured = decode(shards, format, ONE);
        assertThat(single.launches()).isPositive();
        assertThat(single.graphLaunches()).isZero();
        assertThat(captured.launches()).isZero();
        assertThat(captured.graphLaunches()).isEqualTo(captured.executions());
        for (int token = 0; token < TOKENS; token++) {
            assertThat(captured.logits().get(token))
                    .as("token " + token)
                    .isEqualTo(single.logits().get(token));
        }
    }

    /**
     * Ranks that copy from device to device between their graphs have the logits of partials through the host, captured
     * or not. The stand-in finds a copy that is not ordered behind the kernel that wrote its source, and a kernel that
     * is not ordered behind a copy of the array that it writes.
     */
    @ParameterizedTest(name = "{0} ranks, {1}")
    @CsvSource({"2, f32", "2, e2m1:32:e8m0", "4, e2m1:32:e8m0"})
    void copiesFromDeviceToDeviceLieBetweenCapturedGraphs(int ranks, String format) {
        Assumptions.assumeTrue(devices.size() > 1, "skipped: there is one CUDA device");
        long errors = driver.count("errors");
        List<TornadoShards> each = IntStream.range(0, ranks)
                .mapToObj(rank -> devices.get(rank % devices.size()))
                .toList();
        Run staged = decode(uncaptured(each), format, ONE);
        long copies = driver.count("peer copies");
        Run single = decode(uncaptured(found.connected(ranks)), format, ONE);
        Run captured = decode(found.connected(ranks), format, ONE);
        assertThat(driver.count("peer copies")).isGreaterThan(copies);
        assertThat(captured.launches()).isZero();
        assertThat(captured.graphLaunches()).isEqualTo(captured.executions());
        for (int token = 0; token < TOKENS; token++) {
            float[] expected = staged.logits().get(token);
            assertThat(single.logits().get(token)).as("token " + token).isEqualTo(expected);
            assertThat(captured.logits().get(token))
                    .as("captured, token " + token)
                    .isEqualTo(expected);
        }
        assertThat(driver.count("errors")).as(driver.lastError()).isEqualTo(errors);
    }

    /** Without its events a link is of no use: the driver refuses to record them. */
    @Test
    void aFailedCallBetweenGraphsEndsAllRanks() {
        List<TornadoShards> ranks = found.connected(2);
        RankOptions options =
                new RankOptions(CONTEXT, 4, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(2));
        driver.expectErrors(true);
        try (Model model = SmallModel.of("llama").withLayers(LAYERS).load();
                RankGroup group = RankGroup.inProcess(
                        model, ShardPlan.of(model, ranks.size(), List.of()), options, List.copyOf(ranks))) {
            group.preload((bytes, total) -> {});
            group.forward(new int[] {1, 70, 259}, 0, true);
            ranks.forEach(rank -> Objects.requireNonNull(rank.end()).close());
            assertThatExceptionOfType(DeviceException.class)
                    .isThrownBy(() -> group.forward(new int[] {90}, 3, true))
                    .withMessageMatching("device tornado:cuda:[0-9] failed in an exchange:"
                            + " cuEventRecord failed with CUDA error 400");
        } finally {
            driver.expectErrors(false);
        }
    }

    @Test
    void graphsOfSeveralSequencesAreNotCaptured() {
        Run run = decode(devices.subList(0, 1), "f32", BatchLimits.of(2, 4, CONTEXT, 2 * CONTEXT));
        assertThat(run.graphLaunches()).isZero();
        assertThat(run.launches()).isPositive();
    }
}
