package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.cli.print.ExitCode;
import dev.waterspout.engine.forward.HostShard;
import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.mpi.SimulatedFault;
import dev.waterspout.interconnect.mpi.SimulatedFault.Kind;
import dev.waterspout.interconnect.mpi.Simulation;
import dev.waterspout.interconnect.mpi.Simulation.End;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.interconnect.transport.Transport;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.testing.Pairwise;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whole runs of 2 to 8 ranks over a simulated MPI. Messages are delayed and overtake those of other pairs of ranks,
 * and one fault is injected at a random step. In every fifth run the prompt passes through the layers in parts, whose
 * exchanges overlap. In every run, rank 0 writes the expected text or every surviving rank ends with exit code 5, and
 * no rank waits for ever.
 */
class SimulationTest {
    private static final Duration NEVER = Duration.ofHours(1);
    private static final String PROMPT = "Once upon a";
    /** Enough tokens for three parts. */
    private static final String LONG_PROMPT = PROMPT + " time there was a little model that spoke.";

    private static final int PART_ROWS = 48;
    private static final int OVERLAP_EVERY = 5;
    private static final int TOKENS = 4;
    private static final List<String> FORMATS = List.of("f32", "e2m1:32:e8m0", "q8_0");
    private static final List<Algorithm> ALGORITHMS = List.of(Algorithm.values());
    private static final Model MODEL = SmallModel.of("llama").load();
    /** The text of a run in one process, by options. */
    private static final Map<Options, String> TEXTS = new ConcurrentHashMap<>();

    private static final int QUICK = 200;
    /**
     * Bounds of the exhaustive run: its first schedule, and the one after its last. Setting both reruns one schedule.
     */
    private static final int FIRST = Integer.getInteger("waterspout.test.first.schedule", QUICK);

    private static final int LAST = Integer.getInteger("waterspout.test.last.schedule", 100_000);

    /** The options of a run. */
    private record Options(int ranks, String format, Algorithm algorithm, int chunkRows, Overlap overlap) {
        static Options of(long seed) {
            return new Options(
                    2 + (int) (seed % 7),
                    FORMATS.get((int) (seed / 7 % FORMATS.size())),
                    ALGORITHMS.get((int) (seed / 21 % ALGORITHMS.size())),
                    seed % 2 == 0 ? 1 : CommChoice.UNCUT,
                    seed % OVERLAP_EVERY == 0 ? Overlap.ON : Overlap.OFF);
        }

        RankOptions rankOptions() {
            CommChoice choice = new CommChoice(algorithm, WireFormat.parse(format), chunkRows);
            int rows = overlap == Overlap.ON ? PART_ROWS : 8;
            return new RankOptions(SmallModel.CONTEXT, rows, 1, CommSchedule.fixed(choice), NEVER).withOverlap(overlap);
        }
    }

    /** How a schedule ended. */
    private enum Outcome {
        TEXT_ON_ALL,
        TEXT_AND_SOME_RANKS_END_WITH_5,
        ALL_END_WITH_5,
        /** The other ranks received the end of the run, and their acknowledgement did not reach rank 0. */
        RANK_0_AND_SOME_RANKS_END_WITH_5,
        RANK_0_DIED
    }

    private static final Outcome[] FAILURES = {
        Outcome.TEXT_AND_SOME_RANKS_END_WITH_5,
        Outcome.ALL_END_WITH_5,
        Outcome.RANK_0_AND_SOME_RANKS_END_WITH_5,
        Outcome.RANK_0_DIED
    };

    @AfterAll
    static void close() {
        MODEL.close();
    }

    @Test
    @Timeout(300)
    void endsInTextOrExitCode5() throws InterruptedException {
        Map<Kind, Map<Outcome, Integer>> outcomes = run(0, QUICK);
        assertThat(outcomes.keySet()).containsExactlyInAnyOrder(Kind.values());
        assertThat(outcomes.get(Kind.DEATH)).containsKeys(Outcome.ALL_END_WITH_5, Outcome.RANK_0_DIED);
    }

    @Test
    @Tag(Pairwise.EXHAUSTIVE)
    @Timeout(7_200)
    void endsInTextOrExitCode5InAllSchedules() throws InterruptedException {
        run(FIRST, LAST);
    }

    @Test
    void theLongPromptIsDivided() {
        Options options = Options.of(0);
        try (RankGroup group = RankGroup.inProcess(
                MODEL,
                ShardPlan.of(MODEL, options.ranks, List.of()),
                options.rankOptions(),
                Collections.nCopies(options.ranks, HostShard.factory(HostKernels.vector())))) {
            int tokens = new Generator(MODEL.tokenizer(), group).tokenize(LONG_PROMPT).length;
            assertThat(tokens).isBetween(PART_ROWS, SmallModel.CONTEXT - TOKENS);
        }
        assertThat(options.overlap).isEqualTo(Overlap.ON);
    }

    /** Runs whose rows pass in parts poll by the clock, so their schedules are not reproducible. */
    @Test
    void theSameSeedGivesTheSameRun() throws InterruptedException {
        for (long seed : new long[] {11, 12, 13}) {
            assertThat(nanos(seed)).isEqualTo(nanos(seed));
        }
    }

    private static long nanos(long seed) throws InterruptedException {
        Options options = Options.of(seed);
        Simulation simulation = new Simulation(options.ranks, Simulation.fault(options.ranks, seed), seed);
        simulation.run((rank, join) -> generate(options, join));
        return simulation.nanos();
    }

    private static Map<Kind, Map<Outcome, Integer>> run(int from, int to) throws InterruptedException {
        Map<Kind, Map<Outcome, Integer>> outcomes = new EnumMap<>(Kind.class);
        for (long seed = from; seed < to; seed++) {
            Options options = Options.of(seed);
            SimulatedFault fault = Simulation.fault(options.ranks, seed);
            Outcome outcome = check(seed, options, fault);
            outcomes.computeIfAbsent(fault.kind(), _ -> new TreeMap<>()).merge(outcome, 1, Integer::sum);
        }
        outcomes.forEach((kind, counts) -> System.out.println(kind + " " + counts));
        assertThat(outcomes.getOrDefault(Kind.DELAY, Map.of())).doesNotContainKeys(FAILURES);
        return outcomes;
    }

    private static Outcome check(long seed, Options options, SimulatedFault fault) throws InterruptedException {
        String run = String.format(Locale.ROOT, "schedule %d, %s, %s", seed, options, fault);
        @Nullable String[] text = new String[1];
        Simulation simulation = new Simulation(options.ranks, fault, seed);
        List<End> ends = simulation.run((rank, join) -> {
            String written = generate(options, join);
            if (rank == 0) {
                text[0] = written;
            }
        });
        assertThat(simulation.hangs()).as(run).isFalse();
        int failed = 0;
        for (End end : ends) {
            Throwable failure = end.failure();
            if (!end.killed() && failure != null) {
                failed++;
                assertThat(ExitCode.of(failure)).as("%s: %s", run, failure).isEqualTo(ExitCode.PEER);
                assertThat(failure.getMessage()).as(run).isNotBlank().doesNotContain("\n");
            }
        }
        if (text[0] != null) {
            assertThat(text[0]).as(run).isEqualTo(TEXTS.computeIfAbsent(options, SimulationTest::expected));
            return failed == 0 ? Outcome.TEXT_ON_ALL : Outcome.TEXT_AND_SOME_RANKS_END_WITH_5;
        }
        if (ends.getFirst().killed()) {
            return Outcome.RANK_0_DIED;
        }
        assertThat(ends.getFirst().failure()).as(run).isNotNull();
        long killed = ends.stream().filter(End::killed).count();
        return failed + killed == options.ranks ? Outcome.ALL_END_WITH_5 : Outcome.RANK_0_AND_SOME_RANKS_END_WITH_5;
    }

    private static String expected(Options options) {
        try (RankGroup group = RankGroup.inProcess(
                MODEL,
                ShardPlan.of(MODEL, options.ranks, List.of()),
                options.rankOptions().withOverlap(Overlap.OFF),
                Collections.nCopies(options.ranks, HostShard.factory(HostKernels.vector())))) {
            return write(group, options);
        }
    }

    /**
     * One process of a run: compares its options with those of the other processes, loads its shard, and leads or
     * follows.
     */
    private static String generate(Options options, Supplier<Transport> join) {
        try (RankThreads threads = RankThreads.joining(
                join, NEVER, name -> Thread.ofVirtual().name(name).factory())) {
            Agreement.share(threads, Map.of("format", options.format), Map.of("device", "host"));
            WeightAgreement.require(threads, MODEL.file());
            try (RankGroup group = new RankGroup(
                    MODEL,
                    ShardPlan.of(MODEL, options.ranks, List.of()),
                    options.rankOptions(),
                    List.of(HostShard.factory(HostKernels.vector())),
                    threads)) {
                if (!threads.hasRoot()) {
                    group.follow();
                    return "";
                }
                String text = write(group, options);
                group.dismiss();
                return text;
            }
        }
    }

    private static String write(RankGroup group, Options options) {
        Generator generator = new Generator(MODEL.tokenizer(), group);
        StringBuilder text = new StringBuilder();
        Sampler sampler = new Sampler(SamplingParameters.greedy());
        generator.generate(
                generator.tokenize(options.overlap == Overlap.ON ? LONG_PROMPT : PROMPT),
                TOKENS,
                sampler,
                text::append);
        return text.toString();
    }
}
