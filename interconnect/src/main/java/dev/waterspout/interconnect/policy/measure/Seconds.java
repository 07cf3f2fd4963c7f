package dev.waterspout.interconnect.policy.measure;

import java.time.Duration;
import java.util.Arrays;
import java.util.function.LongSupplier;

/** Conversions of times to seconds. */
public final class Seconds {
    private static final double PER_NANO = 1e-9;

    private Seconds() {}

    /**
     * Returns a duration in seconds.
     *
     * @param duration any
     */
    public static double of(Duration duration) {
        return duration.toNanos() * PER_NANO;
    }

    /**
     * Returns the seconds from a start to now.
     *
     * @param nanoClock the time, as {@link System#nanoTime}
     * @param start clock reading at the start
     */
    public static double since(LongSupplier nanoClock, long start) {
        return (nanoClock.getAsLong() - start) * PER_NANO;
    }

    /**
     * Runs some work and returns the seconds that it took.
     *
     * @param nanoClock the time, as {@link System#nanoTime}
     * @param work the work to run
     */
    public static double time(LongSupplier nanoClock, Runnable work) {
        long start = nanoClock.getAsLong();
        work.run();
        return since(nanoClock, start);
    }

    /** {@return the lower quartile: disturbances only ever add time} */
    static double typical(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(sorted.length - 1) / 4];
    }
}
