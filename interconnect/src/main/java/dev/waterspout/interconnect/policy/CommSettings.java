package dev.waterspout.interconnect.policy;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * The search space and the time budget of a policy; the same on every rank.
 *
 * @param formats the allowed wire formats of partials. The uncompressed ones among them are the baselines; if there are
 *     none, the first format is the baseline
 * @param algorithms the collectives to choose from
 * @param maxRows most tokens in one exchange
 * @param columns elements of a partial's row, the model's width
 * @param phaseLocked whether all exchanges of more than one row must have one format, because a device compiles it into
 *     its graphs
 * @param budget time limit of the measurements
 */
public record CommSettings(
        List<WireFormat> formats,
        List<Algorithm> algorithms,
        int maxRows,
        int columns,
        boolean phaseLocked,
        Budget budget) {
    /**
     * Time limits of measurements, which are made if no cache has them. A step that would end later is not started.
     *
     * @param warmUp time limit for the JIT; it takes 1.5 s on an idle core, and more where ranks share cores
     * @param link time limit for latency and bandwidth
     * @param codec time limit for encode, reduce and sum of all formats together; with 0, assumed speeds are used
     * @param trials time limit for trials of whole exchanges; with 0, the model decides
     */
    public record Budget(Duration warmUp, Duration link, Duration codec, Duration trials) {
        /** About three seconds and the time of the JIT, once per group of hosts, because results are cached. */
        public static final Budget FULL = new Budget(
                Duration.ofSeconds(8), Duration.ofMillis(400), Duration.ofMillis(300), Duration.ofMillis(2500));

        /** Only the link is measured, which needs no compiled codec, for a fast start. */
        public static final Budget QUICK =
                new Budget(Duration.ZERO, Duration.ofMillis(300), Duration.ZERO, Duration.ZERO);
    }

    /** Copies the lists and checks that there is a choice. */
    public CommSettings {
        formats = formats.stream().distinct().toList();
        algorithms = algorithms.stream().distinct().toList();
        if (formats.isEmpty() || algorithms.isEmpty()) {
            throw new IllegalArgumentException("a choice from " + formats.size() + " formats and " + algorithms.size()
                    + " collectives; it needs at least 1 of each");
        }
        if (maxRows < 1 || columns < 1) {
            throw new IllegalArgumentException(
                    "exchanges of at most " + maxRows + " rows of " + columns + " columns; both must be at least 1");
        }
    }

    /**
     * The settings of a choice that may change from size to size, with the full budget.
     *
     * @param formats the allowed wire formats of partials
     * @param maxRows most tokens in one exchange
     * @param columns elements of a partial's row
     */
    public static CommSettings of(List<WireFormat> formats, int maxRows, int columns) {
        return new CommSettings(formats, List.of(Algorithm.values()), maxRows, columns, false, Budget.FULL);
    }

    /** Returns the baseline formats, which every other format must beat. */
    public List<WireFormat> baselines() {
        List<WireFormat> plain = formats.stream()
                .filter(PlainFormat.class::isInstance)
                .sorted(Comparator.comparingInt(WireFormat::id)) // f32 is the first
                .toList();
        return plain.isEmpty() ? formats.subList(0, 1) : plain;
    }

    /** {@return the algorithm of the uncompressed all-reduce} */
    Algorithm plainAlgorithm(int ranks) {
        Algorithm best = DefaultSchedule.algorithm(ranks);
        return algorithms.contains(best) ? best : algorithms.getFirst();
    }

    /** {@return a hash of the settings, the same in any process} */
    int digest() {
        return Objects.hash(choiceDigest(), budget.warmUp(), budget.link(), budget.codec(), budget.trials());
    }

    /** {@return a hash of the search space, the same in any process; trials are valid for one search space} */
    int choiceDigest() {
        return Objects.hash(
                formats.stream().map(WireFormat::id).toList(),
                algorithms.stream().map(Algorithm::ordinal).toList(),
                maxRows,
                columns,
                phaseLocked);
    }
}
