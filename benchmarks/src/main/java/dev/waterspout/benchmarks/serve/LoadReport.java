package dev.waterspout.benchmarks.serve;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Figures of a load: throughput, times to the first token, times between tokens, goodput. Used by any thread. */
final class LoadReport {
    private final double firstLimit;
    private final double nextLimit;
    private final List<Outcome> outcomes = new ArrayList<>();

    /**
     * The outcome of a request.
     *
     * @param status HTTP status; 0 if the connection failed
     * @param first seconds from its arrival to the first event with text
     * @param between seconds from each such event to the next; most servers send one for each token
     * @param tokens number of tokens of the reply
     */
    record Outcome(int status, double first, List<Double> between, int tokens) {
        /** Copies the list. */
        Outcome {
            between = List.copyOf(between);
        }

        private double longest() {
            return between.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        }
    }

    /**
     * @param firstLimit most seconds to the first token of a request that counts as good
     * @param nextLimit most seconds between two tokens of such a request
     */
    LoadReport(double firstLimit, double nextLimit) {
        this.firstLimit = firstLimit;
        this.nextLimit = nextLimit;
    }

    synchronized void add(Outcome outcome) {
        outcomes.add(outcome);
    }

    /** Returns a percentile; 0 if there are no values. */
    static double percentile(double[] values, double part) {
        if (values.length == 0) {
            return 0;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.min(sorted.length - 1L, (long) Math.ceil(part * sorted.length) - 1)];
    }

    /**
     * Returns the figures.
     *
     * @param seconds total time
     */
    synchronized String text(double seconds) {
        List<Outcome> answered =
                outcomes.stream().filter(each -> each.status() == 200).toList();
        long good = answered.stream()
                .filter(each -> each.first() <= firstLimit && each.longest() <= nextLimit)
                .count();
        long tokens = answered.stream().mapToLong(Outcome::tokens).sum();
        long refused = outcomes.stream().filter(each -> each.status() == 429).count();
        double[] first = answered.stream().mapToDouble(Outcome::first).toArray();
        double[] between = answered.stream()
                .flatMap(each -> each.between().stream())
                .mapToDouble(Double::doubleValue)
                .toArray();
        return String.format(
                Locale.ROOT,
                "requests %d, answered %d, refused %d, failed %d%n"
                        + "tokens/s %.1f, requests/s %.2f, good requests/s %.2f (first token within %.1f s, next within"
                        + " %.2f s)%n"
                        + "time to first token, ms: median %.0f, 90%% %.0f, 99%% %.0f%n"
                        + "time between tokens, ms: median %.1f, 90%% %.1f, 99%% %.1f%n",
                outcomes.size(),
                answered.size(),
                refused,
                outcomes.size() - answered.size() - refused,
                tokens / seconds,
                answered.size() / seconds,
                good / seconds,
                firstLimit,
                nextLimit,
                1e3 * percentile(first, 0.5),
                1e3 * percentile(first, 0.9),
                1e3 * percentile(first, 0.99),
                1e3 * percentile(between, 0.5),
                1e3 * percentile(between, 0.9),
                1e3 * percentile(between, 0.99));
    }
}
