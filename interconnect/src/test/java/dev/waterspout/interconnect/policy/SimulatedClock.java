package dev.waterspout.interconnect.policy;

import java.util.function.LongSupplier;

/** One rank's simulated time, which only simulated operations advance. */
final class SimulatedClock implements LongSupplier {
    private double nanos;

    @Override
    public long getAsLong() {
        return Math.round(nanos);
    }

    double seconds() {
        return nanos * 1e-9;
    }

    void pass(double seconds) {
        nanos += seconds * 1e9;
    }

    void passUntil(double seconds) {
        nanos = Math.max(nanos, seconds * 1e9);
    }
}
