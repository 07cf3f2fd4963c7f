package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelChoice;
import dev.waterspout.kernels.device.tune.TuneResult.Rejected;
import dev.waterspout.kernels.device.tune.TuneResult.Timed;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds the fastest choice for one case within a time limit. First a few runs with work-groups of a middle size show
 * which kernel is fastest. Then the other work-group sizes of that kernel are tried. Last, the best few choices and
 * the default are timed in turn, so that disturbances of the machine affect all of them. Every choice is compared with
 * the reference before it is timed.
 */
final class KernelSearch {
    private static final int FINALISTS = 3;
    private static final int SCREENING_RUNS = 3;
    private static final int MOST_ROUNDS = 15;
    private static final int LEAST_ROUNDS = 3;
    /** A choice whose first run is slower than the best by this factor is not run again. */
    private static final double HOPELESS = 1.5;
    /** Fraction of the case's time for the rounds at the end. */
    private static final double FINAL_SHARE = 0.35;
    /** Smallest gain with which another choice replaces the default. */
    private static final double LEAST_GAIN = 0.03;
    /** Fraction of the rounds that the other choice must win. */
    private static final double LEAST_ROUNDS_WON = 0.75;

    private final TuneCase tuned;
    private final List<KernelChoice> candidates;
    private final TrialSource trials;
    private final LongSupplier clock;
    private final Map<KernelChoice, Long> screened = new LinkedHashMap<>();
    private final List<Rejected> rejected = new ArrayList<>();

    /**
     * @param tuned the case
     * @param candidates all choices, the default first
     * @param trials compiles the choices
     * @param clock clock in nanoseconds
     */
    KernelSearch(TuneCase tuned, List<KernelChoice> candidates, TrialSource trials, LongSupplier clock) {
        this.tuned = tuned;
        this.candidates = candidates;
        this.trials = trials;
        this.clock = clock;
    }

    /**
     * Searches.
     *
     * @param nanos time limit in nanoseconds; the default is timed in any case
     * @return the result
     * @throws TuneException if the default fails or gives a wrong result
     */
    TuneResult search(long nanos) {
        long start = clock.getAsLong();
        long screenUntil = start + (long) (nanos * (1 - FINAL_SHARE));
        KernelChoice byDefault = candidates.getFirst();
        screen(byDefault);
        if (!rejected.isEmpty()) {
            throw new TuneException(tuned.shape().label() + " by the default '" + byDefault.label() + "': "
                    + rejected.getFirst().why());
        }
        Map<String, List<KernelChoice>> kernels = candidates.stream()
                .collect(Collectors.groupingBy(KernelSearch::kernel, LinkedHashMap::new, Collectors.toList()));
        for (List<KernelChoice> kernel : kernels.values()) {
            screenUntil(screenUntil, List.of(kernel.get((kernel.size() - 1) / 2)));
        }
        KernelChoice best = best(screened.keySet());
        screenUntil(screenUntil, kernels.getOrDefault(kernel(best), List.of()));
        // If time is left, the second fastest kernel is tried with other work-group sizes.
        Optional<KernelChoice> second = ranked().stream()
                .filter(choice -> !kernel(choice).equals(kernel(best)))
                .findFirst();
        second.ifPresent(choice -> screenUntil(screenUntil, kernels.getOrDefault(kernel(choice), List.of())));
        int untried = candidates.size() - screened.size() - rejected.size();
        List<KernelChoice> finalists =
                new ArrayList<>(ranked().stream().limit(FINALISTS).toList());
        if (!finalists.contains(byDefault)) {
            finalists.add(byDefault);
        }
        int slower = screened.size() - finalists.size();
        return result(time(finalists, start + nanos), byDefault, slower, untried);
    }

    private TuneResult result(
            Map<KernelChoice, List<KernelTimes>> times, KernelChoice byDefault, int slower, int untried) {
        List<KernelTimes> baseRuns = times.get(byDefault);
        if (baseRuns == null) {
            throw new TuneException(tuned.shape().label() + " by the default '" + byDefault.label()
                    + "' did not work when it was timed: " + rejected.getLast().why());
        }
        List<Timed> sorted = new ArrayList<>();
        times.forEach((choice, runs) -> sorted.add(timed(choice, runs)));
        sorted.sort(Comparator.comparingLong(each -> each.median().kernelNanos()));
        Timed base = timed(byDefault, baseRuns);
        KernelChoice first = sorted.getFirst().choice();
        if (!isFaster(times.getOrDefault(first, List.of()), baseRuns)) {
            sorted.removeIf(each -> each.choice().equals(byDefault));
            sorted.addFirst(base);
        }
        return new TuneResult(tuned, sorted, base, rejected, slower, untried);
    }

    /**
     * Returns whether a choice is fast enough to replace the default, and faster in most rounds: a disturbance of a
     * round affects both.
     */
    private static boolean isFaster(List<KernelTimes> runs, List<KernelTimes> base) {
        int rounds = Math.min(runs.size(), base.size());
        long won = IntStream.range(0, rounds)
                .filter(round -> runs.get(round).kernelNanos() < base.get(round).kernelNanos())
                .count();
        double gained = 1
                - (double) quantile(runs, KernelTimes::kernelNanos, 0.5)
                        / Math.max(1, quantile(base, KernelTimes::kernelNanos, 0.5));
        return won >= LEAST_ROUNDS_WON * rounds && gained >= LEAST_GAIN;
    }

    private static String kernel(KernelChoice choice) {
        return choice.cut() + " x" + choice.perItem();
    }

    private KernelChoice best(Collection<KernelChoice> choices) {
        return choices.stream()
                .min(Comparator.comparing(choice -> screened.getOrDefault(choice, Long.MAX_VALUE)))
                .orElseThrow();
    }

    private List<KernelChoice> ranked() {
        return screened.keySet().stream()
                .sorted(Comparator.comparing(choice -> screened.getOrDefault(choice, Long.MAX_VALUE)))
                .toList();
    }

    private void screenUntil(long deadline, List<KernelChoice> choices) {
        for (KernelChoice choice : choices) {
            if (!screened.containsKey(choice) && !isRejected(choice) && clock.getAsLong() < deadline) {
                screen(choice);
            }
        }
    }

    private void screen(KernelChoice choice) {
        long limit = screened.values().stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
        Optional<Trial> opened = open(choice);
        if (opened.isEmpty()) {
            return;
        }
        Trial trial = opened.get();
        List<KernelTimes> runs = new ArrayList<>();
        for (int run = 0; run < SCREENING_RUNS && !isRejected(choice); run++) {
            timeOnce(choice, trial, runs);
            if (!runs.isEmpty() && runs.getLast().kernelNanos() > limit * HOPELESS) {
                break;
            }
        }
        close(choice, trial);
        if (!isRejected(choice)) {
            screened.put(
                    choice,
                    runs.stream().mapToLong(KernelTimes::kernelNanos).min().orElseThrow());
        }
    }

    private boolean isRejected(KernelChoice choice) {
        return rejected.stream().anyMatch(each -> each.choice().equals(choice));
    }

    /** Compiles and validates a choice; {@return its trial if the result is right} */
    private Optional<Trial> open(KernelChoice choice) {
        Trial trial = null;
        try {
            trial = trials.open(choice);
            if (isRight(choice, trial)) {
                return Optional.of(trial);
            }
        } catch (RuntimeException | Error failure) { // TornadoVM's own failures are Errors as often as exceptions
            reject(choice, failure);
        }
        if (trial != null) {
            close(choice, trial);
        }
        return Optional.empty();
    }

    private boolean isRight(KernelChoice choice, Trial trial) {
        Optional<String> mismatch = trial.mismatch();
        mismatch.ifPresent(text -> rejected.add(new Rejected(choice, "wrong: " + text)));
        return mismatch.isEmpty();
    }

    private void reject(KernelChoice choice, Throwable failure) {
        rejected.add(new Rejected(choice, "failed: " + failure.getMessage()));
    }

    private void close(KernelChoice choice, Trial trial) {
        try {
            trial.close();
        } catch (RuntimeException | Error failure) { // as above
            reject(choice, failure);
        }
    }

    /** Times all choices in turn, and compares each with the reference again at the end. */
    private Map<KernelChoice, List<KernelTimes>> time(List<KernelChoice> finalists, long deadline) {
        Map<KernelChoice, Trial> running = new LinkedHashMap<>();
        Map<KernelChoice, List<KernelTimes>> times = new LinkedHashMap<>();
        try {
            for (KernelChoice choice : finalists) {
                open(choice).ifPresent(trial -> running.put(choice, trial));
            }
            for (int round = 0; round < MOST_ROUNDS; round++) {
                if (round >= LEAST_ROUNDS && clock.getAsLong() >= deadline) {
                    break;
                }
                running.forEach((choice, trial) -> {
                    if (!isRejected(choice)) {
                        timeOnce(choice, trial, times.computeIfAbsent(choice, _ -> new ArrayList<>()));
                    }
                });
            }
            running.forEach((choice, trial) -> {
                if (!isRejected(choice)) {
                    isRight(choice, trial);
                }
            });
        } finally {
            running.forEach(this::close);
        }
        times.keySet().removeIf(this::isRejected);
        return times;
    }

    private void timeOnce(KernelChoice choice, Trial trial, List<KernelTimes> runs) {
        try {
            runs.add(trial.run());
        } catch (RuntimeException | Error failure) { // as above
            reject(choice, failure);
        }
    }

    private static Timed timed(KernelChoice choice, List<KernelTimes> runs) {
        long median = quantile(runs, KernelTimes::kernelNanos, 0.5);
        long low = quantile(runs, KernelTimes::kernelNanos, 0.25);
        long high = quantile(runs, KernelTimes::kernelNanos, 0.75);
        KernelTimes typical = new KernelTimes(
                median, quantile(runs, KernelTimes::copyNanos, 0.5), quantile(runs, KernelTimes::dispatchNanos, 0.5));
        return new Timed(choice, typical, (double) (high - low) / Math.max(1, median));
    }

    private static long quantile(List<KernelTimes> runs, ToLongFunction<KernelTimes> time, double fraction) {
        long[] sorted = runs.stream().mapToLong(time).sorted().toArray();
        return sorted[(int) Math.round((sorted.length - 1) * fraction)];
    }
}
