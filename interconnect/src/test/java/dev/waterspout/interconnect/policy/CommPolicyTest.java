package dev.waterspout.interconnect.policy;

import static dev.waterspout.interconnect.policy.SimulatedRank.BF16;
import static dev.waterspout.interconnect.policy.SimulatedRank.E2M1;
import static dev.waterspout.interconnect.policy.SimulatedRank.E4M3;
import static dev.waterspout.interconnect.policy.SimulatedRank.F32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.interconnect.policy.CommSchedule.Step;
import dev.waterspout.interconnect.policy.Decision.Row;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.interconnect.policy.measure.LinkProbe;
import dev.waterspout.interconnect.policy.trial.Trials;
import dev.waterspout.interconnect.testing.RankThreads;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.testing.Pairwise;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 180, unit = TimeUnit.SECONDS)
class CommPolicyTest {
    private static final List<WireFormat> FORMATS = List.of(F32, BF16, E2M1, E4M3);
    private static final CommSettings SETTINGS = CommSettings.of(FORMATS, 256, 1024);

    private static Decision decide(int ranks, Measurements machine, CommSettings settings) throws InterruptedException {
        List<Decision> all = SimulatedRank.all(
                ranks,
                machine,
                rank -> new CommPolicy(rank.bench(), settings, Trials::run).measureAndDecide(Optional.empty()));
        assertThat(new HashSet<>(all)).hasSize(1);
        return all.getFirst();
    }

    private static CommChoice largest(Decision decision) {
        return decision.schedule().choice(Integer.MAX_VALUE);
    }

    private static List<Boolean> compressed(Decision decision) {
        return decision.table().stream()
                .map(row -> !(row.chosen().choice().format() instanceof PlainFormat))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4}) // with 2 ranks both collectives send the same number of bytes
    void aSlowLinkUsesCompression(int ranks) throws InterruptedException {
        Decision decision = decide(ranks, SimulatedRank.machine(50e-6, 1, 4), SETTINGS);
        assertThat(largest(decision).format()).isEqualTo(E2M1);
        assertThat(largest(decision).algorithm() == Algorithm.TWOSTEP || ranks == 2)
                .as(decision.explain())
                .isTrue();
        assertThat(compressed(decision)).isSorted(); // no, ..., no, yes, ..., yes
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void aFastLinkStaysPlain(int ranks) throws InterruptedException {
        Decision decision = decide(ranks, SimulatedRank.machine(1e-6, 1000, 1), SETTINGS);
        assertThat(compressed(decision)).containsOnly(false);
        assertThat(decision.table().getLast().why()).isNotEmpty();
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @Test
    void eightRanksDecideAsFourDo() throws InterruptedException {
        aSlowLinkUsesCompression(8);
        oneRowOverAFarLinkIsGatheredInOneStep(8);
    }

    @ParameterizedTest
    @ValueSource(ints = 4)
    void oneRowOverAFarLinkIsGatheredInOneStep(int ranks) throws InterruptedException {
        Decision decision = decide(ranks, SimulatedRank.machine(2e-3, 10, 4), SETTINGS);
        CommChoice one = decision.schedule().choice(1);
        assertThat(one.algorithm()).isEqualTo(Algorithm.ALLGATHER);
        assertThat(one.format()).isEqualTo(F32);
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @CsvSource({"8, 0.1", "4, 0.1", "2, 1", "2, 10"})
    void compressionIsClearlyFasterThanPlainOnOtherLinks(int ranks, double gigabits) throws InterruptedException {
        compressionIsClearlyFasterThanPlain(ranks, gigabits);
    }

    @ParameterizedTest
    @CsvSource({"2, 0.1", "4, 2.5", "2, 100"})
    void compressionIsClearlyFasterThanPlain(int ranks, double gigabits) throws InterruptedException {
        Decision decision = decide(ranks, SimulatedRank.machine(50e-6, gigabits, 2), SETTINGS);
        double slack = 1 / (1 - Chooser.GAIN);
        for (Row row : decision.table()) {
            double seconds = row.chosen().expectedSeconds();
            boolean compressed = !(row.chosen().choice().format() instanceof PlainFormat);
            double limit = row.plain().expectedSeconds() * (compressed ? 1 / slack : slack * slack);
            assertThat(seconds).as("%s", decision.explain()).isLessThanOrEqualTo(limit);
        }
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @CsvSource({"8, 0.1", "2, 1", "8, 1", "2, 100"})
    void theWholeDecisionStaysWithinItsBudgetOnOtherLinks(int ranks, double gigabits) throws InterruptedException {
        theWholeDecisionStaysWithinItsBudget(ranks, gigabits);
    }

    @ParameterizedTest
    @CsvSource({"2, 0.1", "4, 0.1"})
    void theWholeDecisionStaysWithinItsBudget(int ranks, double gigabits) throws InterruptedException {
        CommSettings wide = CommSettings.of(FORMATS, 512, 4096);
        List<Double> spent = SimulatedRank.all(ranks, SimulatedRank.machine(200e-6, gigabits, 1), rank -> {
            assertThat(new CommPolicy(rank.bench(), wide, Trials::run)
                            .measureAndDecide(Optional.empty())
                            .table())
                    .isNotEmpty();
            return rank.clock().seconds();
        });
        assertThat(spent).allSatisfy(seconds -> assertThat(seconds).isLessThan(3.1));
    }

    @Test
    void ranksWithDifferentMeasurementsDecideTheSame() throws InterruptedException {
        List<Decision> all = SimulatedRank.all(
                4,
                rank -> SimulatedRank.machine(20e-6 * (rank + 1), 2.0 / (rank + 1), 4.0 / (4 - rank)),
                0,
                rank -> new CommPolicy(rank.bench(), SETTINGS, Trials::run).measureAndDecide(Optional.empty()));
        assertThat(all).hasSize(4);
        assertThat(new HashSet<>(all)).hasSize(1);
        assertThat(largest(all.getFirst()).format()).isEqualTo(E2M1);
        List<Decision> given = SimulatedRank.all(3, SimulatedRank.machine(20e-6, 1, 2), rank -> {
            Measurements own = SimulatedRank.machine(20e-6 * rank.rank(), 10 - rank.rank(), 2);
            return new CommPolicy(rank.bench(), SETTINGS, Trials::run).decide(own);
        });
        assertThat(new HashSet<>(given)).hasSize(1);
        assertThat(given.getFirst().measurements().link().latencySeconds()).isEqualTo(40e-6);
    }

    @Test
    void trialsCorrectTheCostModel() throws InterruptedException {
        Measurements believed = SimulatedRank.machine(20e-6, 1, 100);
        Measurements real = SimulatedRank.machine(20e-6, 1, 0.02); // the codecs are slower than the link
        List<Decision> all = SimulatedRank.all(
                2, real, rank -> new CommPolicy(rank.bench(), SETTINGS, Trials::run).decide(believed));
        Row last = all.getFirst().table().getLast();
        assertThat(last.chosen().choice().format())
                .as("%s", all.getFirst().explain())
                .isInstanceOf(PlainFormat.class);
        assertThat(all.getFirst().measurements().trials()).isNotEmpty();
    }

    @Test
    void withoutTimeForTrialsTheCostModelDecides() throws InterruptedException {
        CommSettings.Budget none =
                new CommSettings.Budget(Duration.ZERO, LinkProbe.BUDGET, Duration.ZERO, Duration.ZERO);
        CommSettings hasty = new CommSettings(FORMATS, List.of(Algorithm.values()), 256, 1024, false, none);
        Measurements machine = SimulatedRank.machine(50e-6, 1, 4);
        List<Decision> all =
                SimulatedRank.all(2, machine, rank -> new CommPolicy(rank.bench(), hasty, Trials::run).decide(machine));
        assertThat(largest(all.getFirst()).format()).isEqualTo(E2M1);
        assertThat(all.getFirst().table())
                .allSatisfy(row -> assertThat(row.options())
                        .allMatch(option -> option.measuredSeconds().isEmpty()));
    }

    @Test
    void aDeviceMayWantOneFormatForAllPrompts() throws InterruptedException {
        CommSettings locked =
                new CommSettings(FORMATS, List.of(Algorithm.values()), 256, 1024, true, CommSettings.Budget.FULL);
        Decision decision = decide(2, SimulatedRank.machine(200e-6, 10, 4), locked);
        assertThat(decision.table().stream()
                        .filter(row -> row.rows() > 1)
                        .map(row -> row.chosen().choice().format())
                        .distinct())
                .hasSize(1);
    }

    @Test
    void onlyAllowedFormatsAreChosen() throws InterruptedException {
        CommSettings one =
                new CommSettings(List.of(E4M3), List.of(Algorithm.TWOSTEP), 64, 1024, false, CommSettings.Budget.FULL);
        Decision decision = decide(2, SimulatedRank.machine(50e-6, 1, 4), one);
        assertThat(decision.schedule().choices()).allSatisfy(choice -> {
            assertThat(choice.format()).isEqualTo(E4M3);
            assertThat(choice.algorithm()).isEqualTo(Algorithm.TWOSTEP);
        });
    }

    @Test
    void aSingleRankHasNothingToChoose() throws InterruptedException {
        Decision decision = decide(1, SimulatedRank.machine(1, 1, 1), SETTINGS);
        assertThat(decision.schedule()).isEqualTo(CommSchedule.fixed(F32));
        assertThat(decision.explain()).contains("1 rank");
    }

    @Test
    void ranksWithOtherSettingsAreRefused() throws InterruptedException {
        List<String> refusals = SimulatedRank.all(2, SimulatedRank.machine(50e-6, 1, 4), rank -> {
            CommSettings own = CommSettings.of(FORMATS, 64 + rank.rank(), 1024);
            try {
                return "decided " + new CommPolicy(rank.bench(), own, Trials::run).measureAndDecide(Optional.empty());
            } catch (InterconnectException refused) {
                return RankThreads.assertRefused(refused, "rank 1", "rank 0");
            }
        });
        assertThat(new HashSet<>(refusals)).hasSize(1);
        assertThat(refusals.getFirst()).startsWith("rank 1 chooses from other formats");
    }

    @Test
    void theRootsCacheReplacesTheProbes(@TempDir Path folder) throws InterruptedException {
        MeasurementKey key = new MeasurementKey(List.of("a", "b"), "mpi", 2, List.of("host", "host"), "1");
        Measurements machine = SimulatedRank.machine(50e-6, 1, 4);
        List<Integer> exchanges = new ArrayList<>();
        List<Measurements> measurements = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            List<Integer> made = SimulatedRank.all(2, machine, rank -> {
                Optional<MeasurementCache> cache = rank.rank() == 0
                        ? Optional.of(new MeasurementCache(
                                folder, key, MeasurementCache.MAX_AGE, InstantSource.system(), notes::add))
                        : Optional.empty();
                Decision decision = new CommPolicy(rank.bench(), SETTINGS, Trials::run).measureAndDecide(cache);
                if (rank.rank() == 1) {
                    measurements.add(decision.measurements());
                }
                return rank.transport().exchanges();
            });
            exchanges.add(made.getFirst());
        }
        assertThat(notes).isEmpty();
        assertThat(measurements.getFirst().link().bytesPerSecond())
                .isEqualTo(measurements.getLast().link().bytesPerSecond());
        assertThat(measurements.getFirst().codec())
                .isEqualTo(measurements.getLast().codec());
        assertThat(exchanges.getLast()).isLessThan(10);
        assertThat(exchanges.getFirst()).isGreaterThan(100);
    }

    private static MeasurementCache cache(Path folder, List<String> notes) {
        MeasurementKey key = new MeasurementKey(List.of("a", "b"), "mpi", 2, List.of("host", "host"), "1");
        return new MeasurementCache(folder, key, MeasurementCache.MAX_AGE, InstantSource.system(), notes::add);
    }

    @Test
    void everyRankCachesTheMeasurements(@TempDir Path folder) throws InterruptedException {
        SimulatedRank.all(
                2,
                SimulatedRank.machine(50e-6, 1, 4),
                rank -> new CommPolicy(rank.bench(), SETTINGS, Trials::run)
                        .measureAndDecide(Optional.of(cache(folder.resolve("" + rank.rank()), new ArrayList<>()))));
        assertThat(cache(folder.resolve("1"), new ArrayList<>()).load())
                .isEqualTo(cache(folder.resolve("0"), new ArrayList<>()).load())
                .isPresent();
    }

    @Test
    void cachedTrialsDecideTheSame(@TempDir Path folder) throws InterruptedException {
        List<Decision> decisions = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            decisions.add(SimulatedRank.all(
                            2,
                            SimulatedRank.machine(50e-6, 1, 4),
                            rank -> new CommPolicy(rank.bench(), SETTINGS, Trials::run)
                                    .measureAndDecide(Optional.of(cache(folder, new ArrayList<>()))))
                    .getFirst());
        }
        assertThat(decisions.getFirst()).isEqualTo(decisions.getLast());
        assertThat(decisions.getLast().measurements().trials()).isNotEmpty();
    }

    @Test
    void unsteadyMeasurementsAreMarkedAndNotCached(@TempDir Path folder) throws InterruptedException {
        Decision decision = SimulatedRank.all(
                        2,
                        SimulatedRank.machine(50e-6, 1, 0.001),
                        rank -> new CommPolicy(rank.neverCompiled(), SETTINGS, Trials::run)
                                .measureAndDecide(Optional.of(cache(folder, new ArrayList<>()))))
                .getFirst();
        assertThat(decision.explain()).contains("not steady when it was");
        assertThat(cache(folder, new ArrayList<>()).load()).isEmpty();
        assertThat(largest(decision).format())
                .isEqualTo(E2M1); // a measurement of 0.001 GB/s before JIT compilation does not decide
    }

    private static CommSettings quick(List<WireFormat> formats) {
        return new CommSettings(formats, List.of(Algorithm.values()), 256, 1024, false, CommSettings.Budget.QUICK);
    }

    @ParameterizedTest
    @CsvSource({"2, 0.1", "4, 1", "8, 1", "2, 10", "3, 40"})
    void aQuickStartMeasuresOnlyTheLinkAndNeedsALargerGain(int ranks, double gigabits) throws InterruptedException {
        // With codecs of 0.01 GB/s, their speed before JIT compilation, no format would be worth it.
        Measurements machine = SimulatedRank.machine(50e-6, gigabits, 0.01);
        List<Double> spent = new ArrayList<>();
        Decision decision = SimulatedRank.all(ranks, machine, rank -> {
                    Decision own = new CommPolicy(rank.bench(), quick(FORMATS), Trials::run)
                            .measureAndDecide(Optional.empty());
                    synchronized (spent) {
                        spent.add(rank.clock().seconds());
                    }
                    return own;
                })
                .getFirst();
        assertThat(spent).allSatisfy(seconds -> assertThat(seconds).isLessThan(0.4));
        assertThat(decision.measurements().trials()).isEmpty();
        assertThat(decision.measurements().codec().costs())
                .hasSize(FORMATS.size())
                .allSatisfy((format, cost) -> assertThat(cost.measured()).isFalse());
        assertThat(decision.explain()).contains("a usual speed: not measured");
        for (Row row : decision.table()) {
            if (!(row.chosen().choice().format() instanceof PlainFormat)) {
                assertThat(row.chosen().expectedSeconds())
                        .isLessThanOrEqualTo(
                                (1 - Chooser.GAIN_IF_ASSUMED) * row.plain().expectedSeconds());
            } else {
                assertThat(row.chosen().choice().chunkRows()).isEqualTo(CommChoice.UNCUT);
            }
        }
        assertThat(largest(decision).format()).isEqualTo(gigabits > 10 ? BF16 : E2M1);
    }

    @Test
    void topKHasNoAssumedSpeed() throws InterruptedException {
        WireFormat sorting = WireFormat.parse("topk:8");
        Decision decision = decide(2, SimulatedRank.machine(50e-6, 0.1, 1), quick(List.of(F32, sorting)));
        assertThat(largest(decision).format()).isEqualTo(F32);
        assertThat(decision.explain()).contains("not measured");
    }

    @Test
    void fullMeasurementsServeQuickStarts(@TempDir Path folder) throws InterruptedException {
        Measurements machine = SimulatedRank.machine(50e-6, 1, 4);
        List<Integer> exchanges = new ArrayList<>();
        List<Decision> decisions = new ArrayList<>();
        for (CommSettings settings : List.of(quick(FORMATS), quick(FORMATS), SETTINGS, quick(FORMATS))) {
            List<Integer> made = SimulatedRank.all(2, machine, rank -> {
                Decision own = new CommPolicy(rank.bench(), settings, Trials::run)
                        .measureAndDecide(Optional.of(cache(folder, new ArrayList<>())));
                if (rank.rank() == 0) {
                    decisions.add(own);
                }
                return rank.transport().exchanges();
            });
            exchanges.add(made.getFirst());
        }
        assertThat(exchanges.get(0)).isGreaterThan(20);
        assertThat(exchanges.get(1)).isLessThan(10); // the link is cached
        assertThat(exchanges.get(2)).isGreaterThan(100); // a link that was measured quickly is measured again
        assertThat(exchanges.get(3)).isLessThan(10);
        assertThat(decisions.get(1)).isEqualTo(decisions.get(0));
        assertThat(decisions.get(3)).isEqualTo(decisions.get(2));
        assertThat(decisions.get(3).measurements().trials()).isNotEmpty();
    }

    @Test
    void theSlowestRanksComputeCounts(@TempDir Path folder) throws InterruptedException {
        CodecCosts slow = SimulatedRank.machine(1, 1, 0.01).codec();
        List<Decision> all = SimulatedRank.all(
                2,
                SimulatedRank.machine(50e-6, 1, 4),
                rank -> new CommPolicy(rank.rank() == 1 ? rank.knowing(slow) : rank.bench(), SETTINGS, Trials::run)
                        .measureAndDecide(Optional.of(cache(folder, new ArrayList<>()))));
        assertThat(new HashSet<>(all)).hasSize(1);
        assertThat(all.getFirst().measurements().codec().costs())
                .containsOnlyKeys(slow.costs().keySet());
        slow.costs()
                .forEach((format, cost) -> assertThat(Objects.requireNonNull(all.getFirst()
                                        .measurements()
                                        .codec()
                                        .costs()
                                        .get(format))
                                .encode()
                                .perElementSeconds())
                        .isEqualTo(cost.encode().perElementSeconds()));
        assertThat(all.getFirst().measurements().trials()).isEmpty();
        assertThat(largest(all.getFirst()).format()).isInstanceOf(PlainFormat.class);
        assertThat(cache(folder, new ArrayList<>()).load()).isPresent();
    }

    @Test
    void explainsItself() throws InterruptedException {
        Decision decision = decide(2, SimulatedRank.machine(50e-6, 1, 4), SETTINGS);
        assertThat(decision.explain())
                .contains("link: 2 ranks, latency", "Gbit/s", "codec e2m1:32:e8m0", "GB/s", "x plain", "*")
                .doesNotContain("NaN");
        List<Step> steps = decision.schedule().steps();
        assertThat(steps.getLast().maxRows()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void aCodecWithAConstantTimeHasNoSpeed() throws InterruptedException {
        Measurements fixed = SimulatedRank.machine(50e-6, 1, Double.POSITIVE_INFINITY);
        Decision decision = SimulatedRank.all(
                        2, fixed, rank -> new CommPolicy(rank.bench(), SETTINGS, Trials::run).decide(fixed))
                .getFirst();
        assertThat(decision.explain()).contains("encode 1.0 us").doesNotContain("Infinity");
    }
}
