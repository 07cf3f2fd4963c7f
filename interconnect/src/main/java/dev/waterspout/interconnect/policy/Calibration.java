package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.WireFormat;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Scales what the model predicts by what trials measured. Between two sizes that were tried, the factor runs evenly over
 * the logarithm of the rows; beyond them it stays as it is.
 */
final class Calibration {
    private static final double LEAST_SECONDS = 1e-9;

    private final CostModel model;
    private final CommChoice reference;
    private final Map<CommChoice, NavigableMap<Integer, Double>> measured = new HashMap<>();
    /** Measured by predicted time, by rows, per choice; and per kin of the first choice of it that was tried. */
    private final Map<CommChoice, NavigableMap<Integer, Double>> factors = new HashMap<>();

    private final Set<Integer> completed = new HashSet<>();
    private final Map<Kin, NavigableMap<Integer, Double>> kinFactors = new HashMap<>();

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

    /** @param reference whose factor is taken for pairs that were not tried */
    Calibration(CostModel model, CommChoice reference) {
        this.model = model;
        this.reference = reference;
    }

    /** Notes what a trial took. */
    void add(CommChoice choice, int rows, double seconds) {
        double factor = seconds / predicted(choice, rows);
        measured.computeIfAbsent(choice, key -> new TreeMap<>()).put(rows, seconds);
        factors.computeIfAbsent(choice, key -> new TreeMap<>()).put(rows, factor);
        kinFactors.computeIfAbsent(Kin.of(choice), key -> new TreeMap<>()).putIfAbsent(rows, factor);
    }

    /** Notes that all was tried that is worth it, of one size. */
    void complete(int rows) {
        completed.add(rows);
    }

    /**
     * {@return whether the choice may be taken for some rows} All may, if nothing was tried. Else it must have been tried,
     * and no size that was completed without it, nor the largest that was tried, may be nearer than its own trials. Chunks
     * that are so large that no trial could have been cut into them go with the uncut exchange.
     */
    boolean allows(CommChoice choice, int rows) {
        if (factors.isEmpty()) {
            return true;
        }
        NavigableMap<Integer, Double> own = factors.get(choice);
        if (own != null) {
            return covers(own, rows);
        }
        NavigableMap<Integer, Double> uncut = kinFactors.get(new Kin(Pair.of(choice), false));
        return isCut(choice) && uncut != null && uncut.lastKey() <= choice.chunkRows() && covers(uncut, rows);
    }

    private boolean covers(NavigableMap<Integer, Double> tried, int rows) {
        Integer below = tried.floorKey(rows);
        Integer above = tried.ceilingKey(rows);
        int largest = factors.getOrDefault(reference, tried).lastKey();
        if (above == null && rows >= largest) {
            return tried.lastKey() == largest;
        }
        return (above != null || noneCompleted(tried.lastKey() + 1, rows))
                && (below != null || noneCompleted(rows, tried.firstKey() - 1));
    }

    private boolean noneCompleted(int from, int to) {
        return completed.stream().noneMatch(size -> from <= size && size <= to);
    }

    OptionalDouble measured(CommChoice choice, int rows) {
        Double seconds = measured.getOrDefault(choice, new TreeMap<>()).get(rows);
        return seconds == null ? OptionalDouble.empty() : OptionalDouble.of(seconds);
    }

    /** {@return the seconds to reckon with} */
    double expected(CommChoice choice, int rows) {
        return predicted(choice, rows) * at(factorsOf(choice), rows);
    }

    private double predicted(CommChoice choice, int rows) {
        return Math.max(LEAST_SECONDS, model.seconds(choice, rows));
    }

    private @Nullable NavigableMap<Integer, Double> factorsOf(CommChoice choice) {
        NavigableMap<Integer, Double> own = factors.get(choice);
        if (own == null) {
            own = kinFactors.get(Kin.of(choice));
        }
        if (own == null) {
            own = kinFactors.get(new Kin(Pair.of(choice), false));
        }
        return own == null ? factors.get(reference) : own;
    }

    private static boolean isCut(CommChoice choice) {
        return choice.chunkRows() != CommChoice.UNCUT;
    }

    private static double at(@Nullable NavigableMap<Integer, Double> factors, int rows) {
        if (factors == null) {
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
