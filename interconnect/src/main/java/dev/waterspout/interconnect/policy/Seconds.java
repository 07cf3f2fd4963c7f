package dev.waterspout.interconnect.policy;

import java.time.Duration;
import java.util.Arrays;
import java.util.function.LongSupplier;

/** Times as seconds. */
final class Seconds {
    private static final double PER_NANO = 1e-9;

    private Seconds() {}

    static double of(Duration duration) {
        return duration.toNanos() * PER_NANO;
    }

    static double since(LongSupplier nanoClock, long start) {
        return (nanoClock.getAsLong() - start) * PER_NANO;
    }

    /** {@return how long the work takes} */
    static double time(LongSupplier nanoClock, Runnable work) {
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
