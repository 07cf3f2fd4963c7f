package dev.waterspout.interconnect.policy.trial;

import dev.waterspout.interconnect.policy.Calibration;
import dev.waterspout.interconnect.policy.Candidates;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSettings;
import dev.waterspout.interconnect.policy.Measurements.Trial;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.Seconds;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Runs exchanges as they will be, over scratch memory, as long as time is left: a {@link Race} for each size. Sizes far
 * apart come before those between, so that the largest is tried if any is, and of each the smallest first, because
 * those cost little and correct what the model expects of the next; the smallest of all, which decides over decode and
 * is tried while the JIT is busiest, comes once more at the end. What time is spent on follows from numbers that all
 * ranks share.
 */
public final class Trials {
    private static final double WARM_SECONDS = 0.05;
    private static final int WARM_BATCHES = 3;
    private static final double WARM_GAIN = 0.05;
    /** Of the time for trials, and beside it. */
    private static final double WARM_UP_SHARE = 1.2;
    /** The part of the time for a few sizes that are far apart, before those between. */
    private static final double MAIN_SHARE = 0.6;
    /** After this part of the time only the smallest size is tried, again. */
    private static final double LAST_SHARE = 0.9;

    /** Chunks of different sizes that are tried of an algorithm in one format. */
    private static final int MOST_OF_PAIR = 3;
    /** What the model expects to take so many times as long as the best is not tried. */
    private static final double HOPELESS = 1.6;

    /** Partials of all ranks that one rank keeps for a trial. */
    private static final long MEMORY_BYTES = 64 << 20;

    /** How much a size needs to be told by trials of its own. */
    private enum Need {
        /** Nothing else tells of it: what there was time for counts. */
        MUCH(Race.FEWEST_ROUNDS, 1),
        /** It was tried before, or both neighbours were: a stall in one of few rounds would tell less. */
        LITTLE(6, 6);

        private final int affordable;
        private final int fewest;

        /**
         * @param affordable it is tried if there should be time for so many rounds
         * @param fewest it counts if there were so many
         */
        Need(int affordable, int fewest) {
            this.affordable = affordable;
            this.fewest = fewest;
        }
    }

    private final Bench bench;
    private final CommSettings settings;
    private final Candidates candidates;
    private final Calibration calibration;
    private final GroupTime time;
    private final double budget;
    private final List<Trial> made = new ArrayList<>();
    /**
     * Seconds of what was tried while a JIT was busy, and thus in vain; not of the budget, but about as long at most.
     */
    private double disturbed;

    private Trials(Bench bench, CommSettings settings, Candidates candidates, Calibration calibration) {
        this.bench = bench;
        this.settings = settings;
        this.candidates = candidates;
        this.calibration = calibration;
        this.time = new GroupTime(bench);
        this.budget = Seconds.of(settings.budget().trials());
    }

    /**
     * Tries what fits into the time that the settings give. Called on all ranks.
     *
     * @param bench the ranks and buffers of the exchange
     * @param settings sizes and time
     * @param candidates the choices for each size
     * @param calibration receives each trial as soon as it is made
     * @return the trials, the same on every rank
     * @see dev.waterspout.interconnect.policy.TrialRunner
     */
    public static List<Trial> run(Bench bench, CommSettings settings, Candidates candidates, Calibration calibration) {
        return new Trials(bench, settings, candidates, calibration).run();
    }

    private List<Trial> run() {
        List<Integer> main = candidates.mainSizes();
        List<Integer> others = new ArrayList<>(candidates.sizes());
        others.removeAll(main);
        warmUp(main);
        double began = time.spent();
        double last = began + LAST_SHARE * budget;
        tryOut(main, Need.MUCH, others.isEmpty() ? last : began + MAIN_SHARE * budget);
        tryOut(others, Need.LITTLE, last);
        tryOut(List.of(main.getFirst()), Need.LITTLE, began + budget);
        return made;
    }

    /**
     * Exchanges the smallest size and a larger one until that becomes no faster and the JITs of all ranks have come to
     * rest: they have to compile collectives and transport, too, and meanwhile an exchange takes any time.
     */
    private void warmUp(List<Integer> sizes) {
        int larger = sizes.stream()
                .filter(rows -> fits(rows) && expected(picks(rows), rows) <= WARM_SECONDS)
                .max(Comparator.naturalOrder())
                .orElse(sizes.getFirst());
        try (Arena arena = Arena.ofShared()) {
            Race race = new Race(bench, settings.columns(), time, arena);
            Stream.of(sizes.getFirst(), larger).distinct().forEach(rows -> enter(race, picks(rows), rows));
            double before = Double.POSITIVE_INFINITY;
            double least = Double.POSITIVE_INFINITY;
            int equal = 0;
            while (equal < WARM_BATCHES && time.spent() < WARM_UP_SHARE * budget) {
                before = Math.min(before, least);
                GroupTime.Mark began = time.mark();
                do {
                    least = Math.min(least, race.round());
                } while (time.since(began) < WARM_SECONDS);
                equal = time.isIdle(began) && least > (1 - WARM_GAIN) * before ? equal + 1 : 0;
            }
        }
    }

    private void tryOut(List<Integer> sizes, Need need, double until) {
        for (int i = 0; i < sizes.size(); i++) {
            int rows = sizes.get(i);
            double share = (until + disturbed - time.spent()) / (sizes.size() - i);
            List<CommChoice> picks = picks(rows);
            if (need.affordable * expected(picks, rows) <= share && fits(rows)) {
                tryOut(picks, rows, need, share);
            }
        }
    }

    /** Tries a size, again if a JIT was busy meanwhile, as long as the time for that lasts. */
    private void tryOut(List<CommChoice> picks, int rows, Need need, double share) {
        boolean counts = false;
        while (!counts) {
            try (Arena arena = Arena.ofShared()) {
                Race race = new Race(bench, settings.columns(), time, arena);
                enter(race, picks, rows);
                GroupTime.Mark began = time.mark();
                int rounds = race.run(time.spent() + share);
                counts = disturbed >= budget || time.isIdle(began);
                if (!counts) {
                    disturbed += time.since(began);
                } else if (rounds >= need.fewest) {
                    note(rows, race.trials());
                }
            }
        }
    }

    private void note(int rows, List<Trial> trials) {
        calibration.forget(rows);
        made.removeIf(trial -> trial.rows() == rows);
        trials.forEach(calibration::add);
        made.addAll(trials);
    }

    private void enter(Race race, List<CommChoice> picks, int rows) {
        picks.forEach(choice -> race.enter(choice, rows, calibration.expected(choice, rows)));
    }

    /** {@return the seconds of one round} */
    private double expected(List<CommChoice> picks, int rows) {
        return picks.stream()
                .mapToDouble(choice -> calibration.expected(choice, rows))
                .sum();
    }

    private boolean fits(int rows) {
        long bytes = PlainFormat.F32.encodedBytes(rows, settings.columns())
                * bench.transport().size();
        return bytes <= MEMORY_BYTES || rows == 1;
    }

    /**
     * {@return what to try: the best plain and the best compressed exchange of each algorithm, and all others that may
     * be as fast as the best of all} A latency that was measured too long speaks against an algorithm of two steps, and
     * only a trial can contradict it.
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
}
