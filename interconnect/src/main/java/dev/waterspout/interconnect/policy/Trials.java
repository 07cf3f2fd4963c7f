package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.collective.Collective;
import dev.waterspout.interconnect.collective.ExchangeCounters;
import dev.waterspout.interconnect.collective.ExchangeShape;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs exchanges as they will be, over scratch memory: the baselines and the best of the others, at the largest size that
 * fits into the time, at 1 row, in the middle, and at the other sizes while time is left. What it is spent on follows from numbers that all ranks share.
 */
final class Trials {
    /** Runs that count: of several, the first does not. */
    private static final int REPETITIONS = 5;
    /** So many pairs of algorithm and format are tried beside the baselines. */
    private static final int PAIRS = 3;
    /** Parts of what time is left: for the largest size, then for 1 row, then for the middle; others share the rest. */
    private static final double[] SHARES = {0.6, 0.2, 0.5};
    /** Partials of all ranks that one rank keeps for a trial. */
    private static final long MEMORY_BYTES = 64 << 20;

    private final Bench bench;
    private final CommSettings settings;
    private final Candidates candidates;
    private final Calibration calibration;
    private final Agreement agreement;
    private final double budget;
    private final long start;
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

    /** Tries what fits and tells the calibration. Called on all ranks. */
    void run() {
        int largest = largest();
        if (largest == 0) {
            return;
        }
        Set<Integer> order = new LinkedHashSet<>(List.of(largest));
        order.add(1);
        order.add(middle(largest));
        candidates.sizes().stream().filter(rows -> rows < largest).forEach(order::add);
        List<Integer> sizes = List.copyOf(order);
        for (int i = 0; i < sizes.size(); i++) {
            double share = i < SHARES.length ? SHARES[i] : 1.0 / (sizes.size() - i);
            tryOut(sizes.get(i), spent + share * (budget - spent));
        }
    }

    private void tryOut(int rows, double end) {
        List<CommChoice> picks = picks(rows);
        boolean all = true;
        for (int pick = 0; pick < picks.size(); pick++) {
            all &= tryOut(picks.get(pick), rows, (end - spent) / (picks.size() - pick), end);
        }
        if (all) {
            calibration.complete(rows);
        }
    }

    /** {@return the most rows that all picks fit with, 0 for none} */
    private int largest() {
        for (int rows : candidates.sizes().reversed()) {
            double seconds = picks(rows).stream()
                    .mapToDouble(choice -> calibration.expected(choice, rows))
                    .sum();
            long bytes = PlainFormat.F32.encodedBytes(rows, settings.columns())
                    * bench.transport().size();
            if (seconds <= SHARES[0] * budget && (bytes <= MEMORY_BYTES || rows == 1)) {
                return rows;
            }
        }
        return 0;
    }

    /** {@return the size that is as many times 1 as the largest is this} */
    private int middle(int largest) {
        return candidates.sizes().stream()
                .filter(rows -> (long) rows * rows >= largest)
                .findFirst()
                .orElse(largest);
    }

    /** {@return what to try: the best baselines, and of the most promising pairs the best, uncut too} */
    private List<CommChoice> picks(int rows) {
        Map<Calibration.Pair, CommChoice> best = new LinkedHashMap<>();
        candidates.of(rows).stream()
                .filter(choice -> calibration.expected(choice, rows) < Double.POSITIVE_INFINITY)
                .sorted(Comparator.comparingDouble(choice -> calibration.expected(choice, rows)))
                .forEach(choice -> best.putIfAbsent(Calibration.Pair.of(choice), choice));
        List<CommChoice> baselines = candidates.baselines();
        Set<CommChoice> picks = new LinkedHashSet<>(List.of(baselines.getFirst()));
        for (WireFormat format : settings.baselines()) {
            baselines.stream()
                    .filter(choice -> choice.format().equals(format))
                    .min(Comparator.comparingDouble(choice -> calibration.expected(choice, rows)))
                    .ifPresent(picks::add);
        }
        best.values().stream().limit(PAIRS).forEach(choice -> {
            picks.add(choice);
            picks.add(new CommChoice(choice.algorithm(), choice.format(), CommChoice.UNCUT));
        });
        picks.removeIf(choice -> calibration.expected(choice, rows) == Double.POSITIVE_INFINITY);
        return List.copyOf(picks);
    }

    /** Runs one choice for about some seconds, if it can be done before the end; {@return whether it was run} */
    private boolean tryOut(CommChoice choice, int rows, double seconds, double end) {
        if (spent + calibration.expected(choice, rows) > end) {
            return false;
        }
        // Shared: ranks in one process read each other's messages.
        try (Arena arena = Arena.ofShared()) {
            StagedPort port = bench.ports().create(choice.format(), settings.maxRows(), settings.columns());
            Collective collective = choice.algorithm()
                    .create(
                            bench.exchange(),
                            choice.format(),
                            new ExchangeCounters(),
                            new ExchangeShape(rows, settings.columns(), choice.chunkRows()),
                            arena);
            double first = sum(collective, port, rows);
            double[] slowest = agree(first);
            int more = (int) Math.clamp((Math.min(seconds, end - spent) / slowest[0]) - 1, 0, REPETITIONS);
            if (more > 0) {
                double[] times = new double[more];
                Arrays.setAll(times, i -> sum(collective, port, rows));
                slowest = agree(more == 1 ? Math.min(first, times[0]) : Seconds.median(times));
            }
            calibration.add(choice, rows, slowest[0]);
            return true;
        }
    }

    private double[] agree(double seconds) {
        double[] slowest = agreement.max(seconds, Seconds.since(bench.nanoClock(), start));
        spent = slowest[1];
        return slowest;
    }

    private double sum(Collective collective, StagedPort port, int rows) {
        return Seconds.time(bench.nanoClock(), () -> collective.sum(0, port, rows));
    }
}
