package dev.waterspout.interconnect.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.policy.Decision.Row;
import dev.waterspout.interconnect.policy.measure.Agreement;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.Seconds;
import dev.waterspout.interconnect.policy.trial.Trials;
import dev.waterspout.kernels.testing.Pairwise;
import java.lang.foreign.Arena;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs all possible choices on the simulated machine, and compares the fastest with the policy's choice. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class NearBestTest {
    private static final CommSettings SETTINGS = CommSettings.of(
            List.of(SimulatedRank.F32, SimulatedRank.BF16, SimulatedRank.E2M1, SimulatedRank.E4M3), 256, 1024);
    /** Tolerance for hysteresis and rounding of times. */
    private static final double NEAR = 1.06;

    private record Found(Decision decision, Map<Integer, Map<CommChoice, Double>> seconds) {}

    private static Found find(SimulatedRank rank) {
        Decision decision = new CommPolicy(rank.bench(), SETTINGS, Trials::run).measureAndDecide(Optional.empty());
        Agreement agreement = new Agreement(rank.bench().control());
        Map<Integer, Map<CommChoice, Double>> seconds = new HashMap<>();
        for (Row row : decision.table()) {
            Map<CommChoice, Double> ofRow = new HashMap<>();
            row.options().stream()
                    .map(Decision.Option::choice)
                    .sorted(Comparator.comparing(CommChoice::toString)) // any order, the same on all ranks
                    .forEach(choice -> ofRow.put(choice, agreement.max(run(rank, choice, row.rows()))));
            seconds.put(row.rows(), ofRow);
        }
        return new Found(decision, seconds);
    }

    private static double run(SimulatedRank rank, CommChoice choice, int rows) {
        try (Arena arena = Arena.ofShared()) {
            Bench bench = rank.bench();
            Collective collective = choice.algorithm()
                    .create(
                            bench.exchange(),
                            choice.format(),
                            new ExchangeCounters(),
                            new ExchangeShape(rows, SETTINGS.columns(), choice.chunkRows()),
                            arena);
            return Seconds.time(
                    rank.clock(),
                    () -> collective.sum(0, bench.ports().create(choice.format(), rows, SETTINGS.columns()), rows));
        }
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @CsvSource({
        "8, 0.1, 2",
        "2, 1, 2",
        "4, 1, 2",
        "2, 2.5, 2",
        "2, 10, 2",
        "4, 10, 2",
        "8, 10, 4",
        "4, 100, 8",
        "4, 0.1, 2",
        "2, 1, 0.5",
        "2, 10, 8",
        "2, 100, 2",
    })
    void theChoiceIsNearTheBestOnOtherMachines(int ranks, double gigabits, double codec) throws InterruptedException {
        theChoiceIsNearTheBest(ranks, gigabits, codec);
    }

    @ParameterizedTest
    @CsvSource({
        "2, 0.1, 2",
        "4, 2.5, 2",
        "2, 10, 0.5",
        "2, 1000, 2",
    })
    void theChoiceIsNearTheBest(int ranks, double gigabits, double codec) throws InterruptedException {
        Found found = SimulatedRank.all(ranks, SimulatedRank.machine(50e-6, gigabits, codec), NearBestTest::find)
                .getFirst();
        for (Row row : found.decision().table()) {
            Map<CommChoice, Double> seconds = found.seconds().getOrDefault(row.rows(), Map.of());
            double best = seconds.values().stream().min(Double::compare).orElseThrow();
            double chosen = seconds.getOrDefault(row.chosen().choice(), Double.NaN);
            assertThat(chosen)
                    .as("%d rows%n%s%n%s", row.rows(), seconds, found.decision().explain())
                    .isLessThanOrEqualTo(NEAR * best);
        }
    }
}
