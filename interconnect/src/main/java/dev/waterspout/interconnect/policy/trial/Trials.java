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
 * Runs the exchanges of a run over scratch memory within a time limit: a {@link Race} for each size. The first sizes
 * are a few that are far apart, then follow the sizes between them. Each group is tried in ascending order, because
 * small sizes take little time and correct the predictions for larger ones. The smallest size, which is that of decode,
 * is tried again at the end, because the JIT is busiest during its first trial. The order depends only on numbers that
 * all ranks have agreed on.
 */
public final class Trials {
    private static final double WARM_SECONDS = 0.05;
    private static final int WARM_BATCHES = 3;
    private static final double WARM_GAIN = 0.05;
    /** Limit of the warm-up's end, as a multiple of the time for trials. */
    private static final double WARM_UP_SHARE = 1.2;
    /** The fraction of the time for the few sizes that are far apart. */
    private static final double MAIN_SHARE = 0.6;
    /** After this fraction of the time only the smallest size is tried again. */
    private static final double LAST_SHARE = 0.9;

    /** Number of chunk sizes that are tried for an algorithm and format. */
    private static final int MOST_OF_PAIR = 3;
    /**
     * Choices whose expected time is above this multiple of the best are not tried, except for the best of each kind.
     */
    private static final double HOPELESS = 1.6;

    /** Bytes of partials that one rank keeps for a trial. */
    private static final long MEMORY_BYTES = 64 << 20;

    /** The number of rounds that a size needs. */
    private enum Need {
        /** No trial was made near this size: any number of rounds counts. */
        MUCH(Race.FEWEST_ROUNDS, 1),
        /**
         * The size or both its neighbours have been tried: few rounds, with a stall in one of them, would be worse
         * than an interpolation.
         */
        LITTLE(6, 6);

        private final int affordable;
        private final int fewest;

        /**
         * @param affordable number of rounds for which time must be left
         * @param fewest number of rounds from which on the result counts
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
     * Seconds of trials that were discarded because a JIT was busy. They are not part of the time limit, but are
     * limited to about the same time.
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
     * Runs trials within the time limit of the settings. Called on all ranks.
     *
     * @param bench transport, ports and clocks of this rank
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
     * Warms up: exchanges the smallest size and a larger one until the times no longer fall and the JITs of all ranks
     * are nearly idle. The JITs must compile collectives and transport; until then times are arbitrary.
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

    /** Tries a size, and repeats the trial if a JIT was busy, within the time for repetitions. */
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
     * {@return the choices to try: the best plain and the best compressed exchange of each algorithm, and all others
     * that may be as fast as the best of all} Each algorithm is tried, because a latency that was measured too high
     * makes the prediction for two steps too long.
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
