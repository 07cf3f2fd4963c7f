package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.Profiles.Trial;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Scales what the model predicts by what trials measured. Between two sizes that were tried, the factor runs evenly over
 * the logarithm of the rows; beyond them what was missed is added, and what was overestimated is scaled.
 */
final class Calibration {
    static final double LEAST_SECONDS = 1e-9;

    private final CostModel model;
    private final Map<CommChoice, NavigableMap<Integer, Double>> measured = new HashMap<>();
    /** Measured by predicted time, by rows, per choice; and per kin of the first choice of it that was tried. */
    private final Map<CommChoice, NavigableMap<Integer, Double>> factors = new HashMap<>();

    private final NavigableSet<Integer> tried = new TreeSet<>();
    private final Map<Kin, NavigableMap<Integer, Double>> kinFactors = new HashMap<>();

    /** Of all that was tried at one size, the middle one: for what was not. */
    private final NavigableMap<Integer, Double> general = new TreeMap<>();

    /** Choices with the same algorithm and format. */
    record Pair(Algorithm algorithm, WireFormat format) {
        static Pair of(CommChoice choice) {
            return new Pair(choice.algorithm(), choice.format());
        }
    }

    /** Choices of a pair that are all cut, or all uncut. */
    private record Kin(Pair pair, boolean cut) {
        static Kin of(CommChoice choice) {
            return new Kin(Pair.of(choice), isCut(choice));
        }
    }

    /** @param model what is scaled */
    Calibration(CostModel model) {
        this.model = model;
    }

    /** Notes what a trial took. */
    void add(Trial trial) {
        CommChoice choice = trial.choice();
        double factor = trial.seconds() / predicted(choice, trial.rows());
        tried.add(trial.rows());
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
     * {@return whether the choice may be taken for some rows} All may, if nothing was tried. Else the nearest sizes that were
     * tried, below and above, must have been tried with it: what was left out there had no hope. Chunks that are so large
     * that no trial could have been cut into them go with the uncut exchange.
     */
    boolean allows(CommChoice choice, int rows) {
        if (tried.isEmpty()) {
            return true;
        }
        NavigableMap<Integer, Double> own = factors.get(choice);
        if (own != null && covers(own, rows, choice)) {
            return true;
        }
        NavigableMap<Integer, Double> uncut = kinFactors.get(new Kin(Pair.of(choice), false));
        return own == null
                && isCut(choice)
                && uncut != null
                && uncut.lastKey() <= choice.chunkRows()
                && covers(uncut, rows, choice);
    }

    private boolean covers(NavigableMap<Integer, Double> own, int rows, CommChoice choice) {
        Integer below = tried.floor(rows);
        Integer above = tried.ceiling(rows);
        // A size that is no larger than the chunk cannot have been tried in chunks.
        boolean fits = below == null
                || own.containsKey(below)
                || (isCut(choice) && below <= choice.chunkRows() && above != null);
        return fits && (above == null || own.containsKey(above));
    }

    OptionalDouble measured(CommChoice choice, int rows) {
        Double seconds = measured.getOrDefault(choice, new TreeMap<>()).get(rows);
        return seconds == null ? OptionalDouble.empty() : OptionalDouble.of(seconds);
    }

    /** {@return the seconds to reckon with} */
    double expected(CommChoice choice, int rows) {
        double predicted = predicted(choice, rows);
        NavigableMap<Integer, Double> own = factorsOf(choice);
        Map.Entry<Integer, Double> last = own.lastEntry();
        if (last != null && last.getKey() < rows && last.getValue() > 1) {
            // What the model missed at a smaller size was a stall or a latency, which does not grow with the message.
            return predicted + (last.getValue() - 1) * predicted(choice, last.getKey());
        }
        return predicted * at(own, rows);
    }

    private double predicted(CommChoice choice, int rows) {
        return Math.max(LEAST_SECONDS, model.seconds(choice, rows));
    }

    private NavigableMap<Integer, Double> factorsOf(CommChoice choice) {
        NavigableMap<Integer, Double> own = factors.get(choice);
        if (own == null) {
            own = kinFactors.get(Kin.of(choice));
        }
        if (own == null) {
            own = kinFactors.get(new Kin(Pair.of(choice), false));
        }
        return own == null ? general : own;
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
