package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.Measurements.Trial;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Corrects the model's predictions by the times of trials. Between two sizes with trials, the ratio of trial to
 * prediction is interpolated over the logarithm of the rows. Above the largest such size, a time that the model
 * underestimated there is added, and one that it overestimated is scaled.
 */
public final class Calibration {
    /** The shortest time that a prediction or a trial counts as: times must be more than 0. */
    public static final double LEAST_SECONDS = 1e-9;

    private final CostModel model;
    private final Map<CommChoice, NavigableMap<Integer, Double>> measured = new HashMap<>();
    /**
     * Measured divided by predicted time, by rows: per choice, and per kin for the first choice of it that was tried.
     */
    private final Map<CommChoice, NavigableMap<Integer, Double>> factors = new HashMap<>();

    private final NavigableSet<Integer> tried = new TreeSet<>();
    private final Map<Pair, Set<Integer>> triedOfPair = new HashMap<>();
    private final Map<Kin, NavigableMap<Integer, Double>> kinFactors = new HashMap<>();

    /** Per size the median factor of all trials, for choices that were not tried. */
    private final NavigableMap<Integer, Double> general = new TreeMap<>();

    /**
     * Choices with the same algorithm and format.
     *
     * @param algorithm algorithm of all
     * @param format format of all
     */
    public record Pair(Algorithm algorithm, WireFormat format) {
        /**
         * Returns the pair of a choice.
         *
         * @param choice one of the pair's
         */
        public static Pair of(CommChoice choice) {
            return new Pair(choice.algorithm(), choice.format());
        }
    }

    /** Choices of a pair that are all cut, or all uncut. */
    private record Kin(Pair pair, boolean cut) {
        static Kin of(CommChoice choice) {
            return new Kin(Pair.of(choice), isCut(choice));
        }
    }

    /** @param model the model to scale */
    Calibration(CostModel model) {
        this.model = model;
    }

    /**
     * Adds the time of a trial.
     *
     * @param trial trial of an exchange
     */
    public void add(Trial trial) {
        CommChoice choice = trial.choice();
        double factor = trial.seconds() / predicted(choice, trial.rows());
        tried.add(trial.rows());
        triedOfPair.computeIfAbsent(Pair.of(choice), key -> new HashSet<>()).add(trial.rows());
        measured.computeIfAbsent(choice, key -> new TreeMap<>()).put(trial.rows(), trial.seconds());
        factors.computeIfAbsent(choice, key -> new TreeMap<>()).put(trial.rows(), factor);
        kinFactors.computeIfAbsent(Kin.of(choice), key -> new TreeMap<>()).putIfAbsent(trial.rows(), factor);
        double[] all = factors.values().stream()
                .filter(byRows -> byRows.containsKey(trial.rows()))
                .mapToDouble(byRows -> byRows.getOrDefault(trial.rows(), factor))
                .sorted()
                .toArray();
        general.put(trial.rows(), all[all.length / 2]);
    }

    /**
     * Drops all trials of one size.
     *
     * @param rows rows of those exchanges
     */
    public void forget(int rows) {
        tried.remove(rows);
        triedOfPair.values().forEach(own -> own.remove(rows));
        general.remove(rows);
        for (Map<?, NavigableMap<Integer, Double>> maps : List.of(measured, factors, kinFactors)) {
            maps.values().forEach(byRows -> byRows.remove(rows));
            maps.values().removeIf(Map::isEmpty);
        }
    }

    /**
     * {@return whether the choice may be taken for some rows} Without any trial, all choices may. Otherwise its
     * algorithm must have been tried with its format at the nearest sizes with trials, below and above, because
     * choices that are predicted to be slow are not tried.
     */
    boolean allows(CommChoice choice, int rows) {
        Set<Integer> own = triedOfPair.getOrDefault(Pair.of(choice), Set.of());
        return Stream.of(tried.floor(rows), tried.ceiling(rows))
                .filter(Objects::nonNull)
                .allMatch(own::contains);
    }

    OptionalDouble measured(CommChoice choice, int rows) {
        Double seconds = measured.getOrDefault(choice, new TreeMap<>()).get(rows);
        return seconds == null ? OptionalDouble.empty() : OptionalDouble.of(seconds);
    }

    /**
     * Returns the predicted seconds, corrected by the trials.
     *
     * @param choice collective, wire format and chunk size
     * @param rows tokens, at least 1
     */
    public double expected(CommChoice choice, int rows) {
        double predicted = predicted(choice, rows);
        NavigableMap<Integer, Double> own = factorsOf(choice, rows);
        Map.Entry<Integer, Double> last = own.lastEntry();
        if (last != null && last.getKey() < rows && last.getValue() > 1) {
            // The model underestimated a smaller size because of a stall or a latency, which does not grow with the
            // message.
            return predicted + (last.getValue() - 1) * predicted(choice, last.getKey());
        }
        return predicted * at(own, rows);
    }

    private double predicted(CommChoice choice, int rows) {
        return Math.max(LEAST_SECONDS, model.seconds(choice, rows));
    }

    /**
     * {@return of the choice's own factors and those of its kin, cut and uncut, the ones from the nearest size below}
     */
    private NavigableMap<Integer, Double> factorsOf(CommChoice choice, int rows) {
        Pair pair = Pair.of(choice);
        boolean cut = isCut(choice);
        return Stream.of(factors.get(choice), kinFactors.get(new Kin(pair, cut)), kinFactors.get(new Kin(pair, !cut)))
                .filter(Objects::nonNull)
                .min(Comparator.comparingInt(byRows -> distance(byRows, rows)))
                .orElse(general);
    }

    private static int distance(NavigableMap<Integer, Double> byRows, int rows) {
        Integer below = byRows.floorKey(rows);
        return below == null ? Integer.MAX_VALUE : rows - below;
    }

    private static boolean isCut(CommChoice choice) {
        return choice.chunkRows() != CommChoice.UNCUT;
    }

    private static double at(NavigableMap<Integer, Double> factors, int rows) {
        if (factors.isEmpty()) {
            return 1;
        }
        Map.Entry<Integer, Double> below = factors.floorEntry(rows);
        Map.Entry<Integer, Double> above = factors.ceilingEntry(rows);
        if (below == null || above == null) {
            return below == null ? factors.firstEntry().getValue() : below.getValue();
        }
        if (below.getKey().equals(above.getKey())) {
            return below.getValue();
        }
        double way = Math.log((double) rows / below.getKey()) / Math.log((double) above.getKey() / below.getKey());
        return below.getValue() * Math.pow(above.getValue() / below.getValue(), way);
    }
}
