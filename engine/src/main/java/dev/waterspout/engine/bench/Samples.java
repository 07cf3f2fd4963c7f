package dev.waterspout.engine.bench;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * The times of repeated runs of one workload. Mean and standard deviation are those of llama-bench: computed from the
 * runs' speeds, with the sample standard deviation, which is 0 for a single run.
 *
 * @param tokens tokens of one run
 * @param nanos nanoseconds of every run, at least one
 */
public record Samples(int tokens, List<Long> nanos) {
    /** Copies the list. */
    public Samples {
        nanos = List.copyOf(nanos);
        if (nanos.isEmpty()) {
            throw new IllegalArgumentException("no runs; there must be at least 1");
        }
    }

    /** Returns tokens per second of every run. */
    public double[] speeds() {
        return nanos.stream().mapToDouble(each -> tokens * 1e9 / each).toArray();
    }

    /** Returns the mean of the speeds, tokens/s. */
    public double meanSpeed() {
        return mean(speeds());
    }

    /** Returns the standard deviation of the speeds, tokens/s. */
    public double speedDeviation() {
        return deviation(speeds());
    }

    /** Returns the median of the speeds, tokens/s. */
    public double medianSpeed() {
        double[] sorted = speeds();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    /** Returns the time of a run at the median speed, in seconds. */
    public double medianSeconds() {
        return tokens / medianSpeed();
    }

    /** Returns the mean time of a run in nanoseconds. */
    public double meanNanos() {
        return mean(times());
    }

    /** Returns the standard deviation of the times in nanoseconds. */
    public double nanosDeviation() {
        return deviation(times());
    }

    private double[] times() {
        return nanos.stream().mapToDouble(Long::doubleValue).toArray();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double deviation(double[] values) {
        double mean = mean(values);
        DoubleUnaryOperator squared = value -> (value - mean) * (value - mean);
        return Math.sqrt(Arrays.stream(values).map(squared).sum() / Math.max(1, values.length - 1));
    }
}
