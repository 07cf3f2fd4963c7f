package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.interconnect.policy.Profiles.Trial;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Runs exchanges as they will be, over scratch memory, as long as time is left. Sizes far apart come before those between,
 * so that the largest is tried if any is, and of each the smallest first,
 * because those cost little and correct what the model expects of the next. At one size the choices take turns, so that
 * whatever disturbs the machine disturbs all, and the shortest of the rounds counts. What it is spent on follows from
 * numbers that all ranks share.
 */
final class Trials {
    private static final int MOST_ROUNDS = 40;
    private static final int WARM_ROUNDS = 8;
    private static final int WARM_BATCHES = 3;
    private static final double WARM_GAIN = 0.05;
    private static final double WARM_UP_SHARE = 0.2;
    /** The part of the time for a few sizes that are far apart, before those between. */
    private static final double MAIN_SHARE = 0.7;

    /** A size with no time for as many is left to the model. */
    private static final int FEWEST_ROUNDS = 3;
    /** What the model expects to take so many times as long as the best is not tried. */
    private static final double HOPELESS = 1.6;

    /** After so many rounds, what took so many times as long as the best is out. */
    private static final NavigableMap<Integer, Double> SLOWER = new TreeMap<>(Map.of(FEWEST_ROUNDS, 1.4, 8, 1.15));

    /** Partials of all ranks that one rank keeps for a trial. */
    private static final long MEMORY_BYTES = 64 << 20;

    private final Bench bench;
    private final CommSettings settings;
    private final Candidates candidates;
    private final Calibration calibration;
    private final Agreement agreement;
    private final double budget;
    private final long start;
    private final List<Trial> made = new ArrayList<>();
    /** The slowest rank's seconds since the start. */
    private double spent;

    Trials(Bench bench, CommSettings settings, Candidates candidates, Calibration calibration) {
        this.bench = bench;
        this.settings = settings;
        this.candidates = candidates;
        this.calibration = calibration;
        this.agreement = new Agreement(bench.control());
        this.budget = Seconds.of(settings.budget().trials());
        this.start = bench.nanoClock().getAsLong();
    }

    /** Tries what fits and tells the calibration. Called on all ranks; {@return what it told} */
    List<Trial> run() {
        List<Integer> main = candidates.mainSizes();
        List<Integer> others = new ArrayList<>(candidates.sizes());
        others.removeAll(main);
        warmUp(main.getFirst());
        tryOut(main, others.isEmpty() ? budget : spent + MAIN_SHARE * (budget - spent));
        tryOut(others, budget);
        return made;
    }

    private void tryOut(List<Integer> sizes, double until) {
        for (int i = 0; i < sizes.size(); i++) {
            tryOut(sizes.get(i), (until - spent) / (sizes.size() - i));
        }
    }

    /** Exchanges the smallest size until that becomes no faster: the JIT has to compile collectives and transport, too. */
    private void warmUp(int rows) {
        try (Arena arena = Arena.ofShared()) {
            List<Contender> contenders = picks(rows).stream()
                    .map(choice -> new Contender(choice, rows, arena))
                    .toList();
            double before = Double.POSITIVE_INFINITY;
            double least = Double.POSITIVE_INFINITY;
            int equal = 0;
            while (equal < WARM_BATCHES && spent < WARM_UP_SHARE * budget) {
                before = Math.min(before, least);
                for (int round = 0; round < WARM_ROUNDS; round++) {
                    least = Math.min(least, round(contenders));
                }
                equal = least > (1 - WARM_GAIN) * before ? equal + 1 : 0;
            }
        }
    }

    private void tryOut(int rows, double seconds) {
        List<CommChoice> picks = picks(rows);
        double round = picks.stream()
                .mapToDouble(choice -> calibration.expected(choice, rows))
                .sum();
        long bytes = PlainFormat.F32.encodedBytes(rows, settings.columns())
                * bench.transport().size();
        if (FEWEST_ROUNDS * round > seconds || (bytes > MEMORY_BYTES && rows > 1)) {
            return;
        }
        double end = spent + seconds;
        // Shared: ranks in one process read each other's messages.
        try (Arena arena = Arena.ofShared()) {
            List<Contender> contenders = picks.stream()
                    .map(choice -> new Contender(choice, rows, arena))
                    .toList();
            contend(contenders, rows, end);
        }
    }

    private void contend(List<Contender> contenders, int rows, double end) {
        List<Contender> racing = contenders;
        round(racing); // opens what has to be opened; counts only if there is time for no other
        double began = spent;
        for (int round = 1; round <= MOST_ROUNDS; round++) {
            round(racing);
            double perRound = (spent - began) / round;
            if (spent + perRound > end) {
                break;
            }
            Double slower = SLOWER.get(round);
            if (slower != null) {
                double limit = slower
                        * racing.stream().mapToDouble(Contender::shortest).min().orElseThrow();
                racing = racing.stream()
                        .filter(contender -> contender.shortest() <= limit)
                        .toList();
            }
        }
        for (Contender contender : contenders) {
            Trial trial = new Trial(contender.choice, rows, Math.max(contender.shortest(), Calibration.LEAST_SECONDS));
            calibration.add(trial);
            made.add(trial);
        }
    }

    /** {@return the seconds of all of them together} */
    private double round(List<Contender> contenders) {
        double[] own = new double[contenders.size() + 1];
        for (int i = 0; i < contenders.size(); i++) {
            own[i] = contenders.get(i).sum(bench);
        }
        own[contenders.size()] = Seconds.since(bench.nanoClock(), start);
        double[] slowest = agreement.max(own);
        for (int i = 0; i < contenders.size(); i++) {
            contenders.get(i).seconds.add(slowest[i]);
        }
        spent = slowest[contenders.size()];
        return Arrays.stream(slowest).limit(contenders.size()).sum();
    }

    /** {@return what to try: the best plain exchange, and all others that may be as fast as the best of all} */
    private List<CommChoice> picks(int rows) {
        List<CommChoice> possible = candidates.of(rows).stream()
                .filter(choice -> calibration.expected(choice, rows) < Double.POSITIVE_INFINITY)
                .sorted(Comparator.comparingDouble(choice -> calibration.expected(choice, rows)))
                .toList();
        if (possible.isEmpty()) {
            return List.of(candidates.baselines().getFirst());
        }
        Set<CommChoice> picks = new LinkedHashSet<>();
        List<WireFormat> plain = settings.baselines();
        possible.stream()
                .filter(choice -> plain.contains(choice.format()))
                .findFirst()
                .ifPresent(picks::add);
        double limit = HOPELESS * calibration.expected(possible.getFirst(), rows);
        possible.stream()
                .filter(choice -> calibration.expected(choice, rows) <= limit)
                .forEach(picks::add);
        return List.copyOf(picks);
    }

    /** A choice under trial. */
    private final class Contender {
        private final CommChoice choice;
        private final int rows;
        private final StagedPort port;
        private final Collective collective;
        /** Of every round, the first included. */
        private final List<Double> seconds = new ArrayList<>();

        private Contender(CommChoice choice, int rows, Arena arena) {
            this.choice = choice;
            this.rows = rows;
            this.port = bench.ports().create(choice.format(), rows, settings.columns());
            this.collective = choice.algorithm()
                    .create(
                            bench.exchange(),
                            choice.format(),
                            new ExchangeCounters(),
                            new ExchangeShape(rows, settings.columns(), choice.chunkRows()),
                            arena);
        }

        private double sum(Bench with) {
            return Seconds.time(with.nanoClock(), () -> collective.sum(0, port, rows));
        }

        private double shortest() {
            return seconds.stream()
                    .skip(seconds.size() > 1 ? 1 : 0)
                    .mapToDouble(Double::doubleValue)
                    .min()
                    .orElseThrow();
        }
    }
}
