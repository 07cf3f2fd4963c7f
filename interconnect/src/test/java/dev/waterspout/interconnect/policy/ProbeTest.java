package dev.waterspout.interconnect.policy;

import static dev.waterspout.interconnect.policy.SimulatedRank.E2M1;
import static dev.waterspout.interconnect.policy.SimulatedRank.F32;
import static dev.waterspout.interconnect.policy.SimulatedRank.GIGABIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.CodecCosts.Cost;
import dev.waterspout.interconnect.policy.measure.CodecProbe;
import dev.waterspout.interconnect.policy.measure.LinkCost;
import dev.waterspout.interconnect.policy.measure.LinkProbe;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ProbeTest {
    private static final double BURST = 140_000;

    private static LinkCost probe(SimulatedRank rank, Duration budget) {
        return new LinkProbe(rank.transport(), rank.bench().control(), rank.clock(), budget).measure();
    }

    @ParameterizedTest
    @CsvSource({
        "2, 0.1, 0.0002, 0",
        "2, 0.1, 0.0002, 140000",
        "2, 1, 0.00005, 140000",
        "2, 10, 0.00003, 140000",
        "2, 100, 0.000002, 0",
        "4, 0.1, 0.001, 140000",
        "4, 1, 0.00005, 140000",
        "8, 10, 0.00005, 0",
        "3, 1, 0.002, 0"
    })
    void findsLatencyAndBandwidth(int ranks, double gigabits, double latency, double burst)
            throws InterruptedException {
        Measurements machine = SimulatedRank.machine(latency, gigabits, 1);
        List<LinkCost> found = SimulatedRank.all(ranks, rank -> machine, burst, rank -> probe(rank, LinkProbe.BUDGET));
        assertThat(new HashSet<>(found)).hasSize(1);
        assertThat(found.getFirst().bytesPerSecond()).isCloseTo(gigabits * GIGABIT, withinPercentage(3));
        assertThat(found.getFirst().latencySeconds()).isCloseTo(latency, within(0.03 * latency + 10e-6));
    }

    @Test
    void theSlowestRankCounts() throws InterruptedException {
        List<LinkCost> found = SimulatedRank.all(
                3,
                rank -> SimulatedRank.machine(rank * 1e-4, rank == 1 ? 1 : 10, 1),
                0,
                rank -> probe(rank, LinkProbe.BUDGET));
        assertThat(new HashSet<>(found)).hasSize(1);
        assertThat(found.getFirst().bytesPerSecond()).isCloseTo(GIGABIT, withinPercentage(5));
        assertThat(found.getFirst().latencySeconds()).isCloseTo(2e-4, withinPercentage(5));
    }

    @ParameterizedTest
    @CsvSource({"2, 0.1, 0.0002", "4, 0.1, 0.0002", "2, 1, 0.00005", "4, 0.5, 0.01"})
    void staysWithinItsBudget(int ranks, double gigabits, double latency) throws InterruptedException {
        List<Double> spent = SimulatedRank.all(ranks, SimulatedRank.machine(latency, gigabits, 1), rank -> {
            probe(rank, LinkProbe.BUDGET);
            return rank.clock().seconds();
        });
        assertThat(spent).allSatisfy(seconds -> assertThat(seconds).isLessThan(0.32));
    }

    @Test
    void everySizeIsMeasuredAtLeastOnce() throws InterruptedException {
        Measurements machine = SimulatedRank.machine(1e-3, 1, 1);
        List<LinkCost> found = SimulatedRank.all(2, rank -> machine, BURST, rank -> probe(rank, Duration.ofNanos(1)));
        assertThat(found.getFirst()).isEqualTo(found.getLast());
        assertThat(found.getFirst().latencySeconds()).isCloseTo(1e-3, withinPercentage(5));
    }

    @Test
    void aSingleRankHasNoLink() throws InterruptedException {
        assertThat(SimulatedRank.all(1, SimulatedRank.machine(1, 1, 1), rank -> probe(rank, LinkProbe.BUDGET)))
                .containsExactly(LinkCost.NONE);
    }

    private static CodecCosts codecs(SimulatedRank rank, Duration warmUp, Duration most) {
        return new CodecProbe(
                        rank.transport().size(),
                        rank.bench().ports(),
                        rank.bench().clocks())
                .measure(List.of(F32, E2M1), 512, 1024, warmUp, most);
    }

    @Test
    void measuresTheCostsOfCodecs() throws InterruptedException {
        List<CodecCosts> found = SimulatedRank.all(
                3,
                rank -> SimulatedRank.machine(1e-5, 10, rank + 1),
                0,
                rank -> codecs(rank, Duration.ofSeconds(1), Duration.ofSeconds(1)));
        for (int rank = 0; rank < found.size(); rank++) {
            CodecCosts own = SimulatedRank.machine(1, 1, rank + 1).codec();
            assertThat(found.get(rank).costs()).containsOnlyKeys(F32, E2M1);
            found.get(rank).costs().forEach((format, cost) -> {
                Cost set = Objects.requireNonNull(own.costs().get(format));
                assertThat(cost.measured()).isTrue();
                assertThat(cost.encode().perElementSeconds())
                        .isCloseTo(set.encode().perElementSeconds(), withinPercentage(1));
                assertThat(cost.reduce().perElementSeconds())
                        .isCloseTo(set.reduce().perElementSeconds(), withinPercentage(1));
                assertThat(cost.decodeSum().perElementSeconds())
                        .isCloseTo(set.decodeSum().perElementSeconds(), withinPercentage(1));
                assertThat(cost.encode().fixedSeconds()).isCloseTo(1e-6, within(1e-8));
            });
        }
    }

    @Test
    void withoutTimeOneFormatIsMeasuredAndMarkedUnsteady() throws InterruptedException {
        List<Double> spent = SimulatedRank.all(2, SimulatedRank.machine(1e-5, 10, 0.002), rank -> {
            CodecCosts found = codecs(rank, Duration.ofMillis(20), Duration.ZERO);
            assertThat(found.costs()).containsOnlyKeys(F32);
            assertThat(found.costs().values()).noneMatch(Cost::measured);
            assertThat(found.measured()).isEqualTo(CodecCosts.NONE);
            return rank.clock().seconds();
        });
        assertThat(spent).allSatisfy(seconds -> assertThat(seconds).isLessThan(0.2));
    }
}
