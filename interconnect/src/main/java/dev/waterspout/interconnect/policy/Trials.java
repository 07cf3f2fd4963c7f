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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Runs exchanges as they will be, over scratch memory, as long as time is left. Sizes far apart come before those between,
 * so that the largest is tried if any is, and of each the smallest first,
 * because those cost little and correct what the model expects of the next; the smallest of all, which decides over decode
 * and is tried while the JIT is busiest, once more at the end. At one size the choices take turns, so that whatever disturbs
 * the machine disturbs all, and the lower quartile of the rounds counts: the shortest where there are few. What it is spent
 * on follows from numbers that all ranks share.
 */
final class Trials {
    private static final int MOST_ROUNDS = 80;
    private static final double WARM_SECONDS = 0.05;
    private static final int WARM_BATCHES = 3;
    private static final double WARM_GAIN = 0.05;
    /** Of the time for trials, and beside it. */
    private static final double WARM_UP_SHARE = 2;
    /** The part of the time for a few sizes that are far apart, before those between. */
    private static final double MAIN_SHARE = 0.6;
    /** After this part of the time only the smallest size is tried, again. */
    private static final double LAST_SHARE = 0.9;

    /** A size with no time for as many is left to the model, and to what was found for its neighbours. */
    private static final int FEWEST_ROUNDS = 3;

    /** The same for what was tried before or lies between sizes that were: a stall in one of few rounds would tell less. */
    private static final int FEWEST_BETWEEN = 6;

    /** Chunks of different sizes that are tried of an algorithm in one format. */
    private static final int MOST_OF_PAIR = 2;
    /** What the model expects to take so many times as long as the best is not tried. */
    private static final double HOPELESS = 1.6;

    /**
     * After so many rounds, what took so many times as long as the best is out; after the fewest only if no more was expected
     * of it, for a stall can last as long.
     */
    private static final NavigableMap<Integer, Double> SLOWER =
            new TreeMap<>(Map.of(FEWEST_ROUNDS, 2.0, 8, 1.4, 20, 1.15));

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
    /** Seconds of what was tried while a JIT was busy, and thus in vain; not of the budget, but at most as long. */
    private double disturbed;

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
        warmUp(main.getFirst(), larger(main));
        double last = spent + LAST_SHARE * budget;
        double end = spent + budget;
        tryOut(main, FEWEST_ROUNDS, others.isEmpty() ? last : spent + MAIN_SHARE * budget);
        tryOut(others, FEWEST_BETWEEN, last);
        tryOut(List.of(main.getFirst()), FEWEST_BETWEEN, end);
        return made;
    }

    private void tryOut(List<Integer> sizes, int fewestRounds, double until) {
        for (int i = 0; i < sizes.size(); i++) {
            tryOut(sizes.get(i), fewestRounds, (until + disturbed - spent) / (sizes.size() - i));
        }
    }

    /**
     * Exchanges a small and a larger size until that becomes no faster and the JITs of all ranks have come to rest: they
     * have to compile collectives and transport, too, and meanwhile an exchange takes any time.
     */
    private void warmUp(int rows, int moreRows) {
        try (Arena arena = Arena.ofShared()) {
            List<Contender> contenders = Stream.of(rows, moreRows)
                    .distinct()
                    .flatMap(size -> picks(size).stream().map(choice -> new Contender(choice, size, arena)))
                    .toList();
            double before = Double.POSITIVE_INFINITY;
            double least = Double.POSITIVE_INFINITY;
            int equal = 0;
            while (equal < WARM_BATCHES && spent < WARM_UP_SHARE * budget) {
                before = Math.min(before, least);
                double began = spent;
                long compiling = bench.clocks().compiling().getAsLong();
                do {
                    least = Math.min(least, round(contenders));
                } while (spent - began < WARM_SECONDS);
                equal = isIdle(began, compiling) && least > (1 - WARM_GAIN) * before ? equal + 1 : 0;
            }
        }
    }

    /** {@return of the sizes that are tried the largest that is cheap enough to warm up with} */
    private int larger(List<Integer> sizes) {
        return sizes.stream()
                .filter(rows -> fits(rows)
                        && picks(rows).stream()
                                        .mapToDouble(choice -> calibration.expected(choice, rows))
                                        .sum()
                                <= WARM_SECONDS)
                .max(Comparator.naturalOrder())
                .orElse(sizes.getFirst());
    }

    private void tryOut(int rows, int fewestRounds, double seconds) {
        List<CommChoice> picks = picks(rows);
        double round = picks.stream()
                .mapToDouble(choice -> calibration.expected(choice, rows))
                .sum();
        if (fewestRounds * round > seconds || !fits(rows)) {
            return;
        }
        boolean quiet = attempt(rows, picks, fewestRounds, seconds, false);
        while (!quiet) {
            quiet = attempt(rows, picks, fewestRounds, seconds, disturbed >= budget);
        }
    }

    /** {@return whether that was it} If a JIT was busy meanwhile and there is to be another attempt, nothing is noted. */
    private boolean attempt(int rows, List<CommChoice> picks, int fewestRounds, double seconds, boolean last) {
        double began = spent;
        long compiling = bench.clocks().compiling().getAsLong();
        // Shared: ranks in one process read each other's messages.
        try (Arena arena = Arena.ofShared()) {
            List<Contender> contenders = picks.stream()
                    .map(choice -> new Contender(choice, rows, arena))
                    .toList();
            int rounds = contend(contenders, began + seconds);
            if (!last && !isIdle(began, compiling)) {
                disturbed += spent - began;
                return false;
            }
            if (rounds >= fewestRounds || fewestRounds == FEWEST_ROUNDS) {
                calibration.forget(rows);
                made.removeIf(trial -> trial.rows() == rows);
                contenders.forEach(Contender::note);
            }
            return true;
        }
    }

    /** {@return whether the JITs of all ranks were nearly idle since then} */
    private boolean isIdle(double began, long compiling) {
        double busy = agreement.max((bench.clocks().compiling().getAsLong() - compiling) * 1e-9);
        return busy <= WarmUp.IDLE * (spent - began);
    }

    private boolean fits(int rows) {
        long bytes = PlainFormat.F32.encodedBytes(rows, settings.columns())
                * bench.transport().size();
        return bytes <= MEMORY_BYTES || rows == 1;
    }

    /** {@return how many rounds there was time for} */
    private int contend(List<Contender> contenders, double end) {
        List<Contender> racing = contenders;
        round(racing); // opens what has to be opened; counts only if there is time for no other
        double began = spent;
        for (int i = 1; i <= MOST_ROUNDS; i++) {
            int round = i;
            round(racing);
            if (spent + (spent - began) / round > end) {
                return round;
            }
            Double slower = SLOWER.get(round);
            if (slower != null) {
                double limit = slower
                        * racing.stream().mapToDouble(Contender::quartile).min().orElseThrow();
                racing = racing.stream()
                        .filter(contender -> contender.quartile() <= limit
                                || (round == FEWEST_ROUNDS && contender.expected <= limit))
                        .toList();
            }
        }
        return MOST_ROUNDS;
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

    /**
     * {@return what to try: the best plain and the best compressed exchange of each algorithm, and all others that may be as
     * fast as the best of all} A latency that was measured too long speaks against an algorithm of two steps, and only a
     * trial can contradict it.
     */
    private List<CommChoice> picks(int rows) {
        List<CommChoice> possible = candidates.of(rows).stream()
                .filter(choice -> calibration.expected(choice, rows) < Double.POSITIVE_INFINITY)
                .sorted(Comparator.comparingDouble(choice -> calibration.expected(choice, rows)))
                .toList();
        if (possible.isEmpty()) {
            return List.of(candidates.baselines().getFirst());
        }
        List<WireFormat> plain = settings.baselines();
        double limit = HOPELESS * calibration.expected(possible.getFirst(), rows);
        Set<List<Object>> kinds = new HashSet<>();
        Map<Calibration.Pair, Integer> ofPair = new HashMap<>();
        List<CommChoice> picks = new ArrayList<>();
        for (CommChoice choice : possible) {
            boolean best = kinds.add(List.of(choice.algorithm(), plain.contains(choice.format())));
            boolean close = calibration.expected(choice, rows) <= limit;
            if ((best || close) && ofPair.merge(Calibration.Pair.of(choice), 1, Integer::sum) <= MOST_OF_PAIR) {
                picks.add(choice);
            }
        }
        return picks;
    }

    /** A choice under trial. */
    private final class Contender {
        private final CommChoice choice;
        private final int rows;
        private final StagedPort port;
        private final Collective collective;
        private final double expected;
        /** Of every round, the first included. */
        private final List<Double> seconds = new ArrayList<>();

        private Contender(CommChoice choice, int rows, Arena arena) {
            this.choice = choice;
            this.rows = rows;
            this.expected = calibration.expected(choice, rows);
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

        private void note() {
            Trial trial = new Trial(choice, rows, Math.max(quartile(), Calibration.LEAST_SECONDS));
            calibration.add(trial);
            made.add(trial);
        }

        /** {@return of all rounds but the first} */
        private double quartile() {
            double[] sorted = seconds.stream()
                    .skip(seconds.size() > 1 ? 1 : 0)
                    .mapToDouble(Double::doubleValue)
                    .sorted()
                    .toArray();
            return sorted[sorted.length / 4];
        }
    }
}
