package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;

/** Counts the time since the last step as spent on the step that ends. */
final class Stopwatch {
    private final ExchangeCounters counters;
    private final CollectiveKind kind;
    private long last = System.nanoTime();

    Stopwatch(ExchangeCounters counters, CollectiveKind kind) {
        this.counters = counters;
        this.kind = kind;
    }

    void encoded() {
        counters.addTimes(lap(), 0, 0);
    }

    void transferred() {
        counters.addTimes(0, lap(), 0);
    }

    void transferred(Traffic traffic) {
        transferred();
        counters.addTraffic(kind, traffic);
    }

    void summed() {
        counters.addTimes(0, 0, lap());
    }

    private long lap() {
        long now = System.nanoTime();
        long spent = now - last;
        last = now;
        return spent;
    }
}
