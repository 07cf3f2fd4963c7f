package dev.waterspout.benchmarks.serve;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts the events of a soak test. May be used by any thread. */
final class SoakTally {
    private final Map<String, LongAdder> counts = new ConcurrentSkipListMap<>();
    private final Map<String, LongAdder> faults = new ConcurrentSkipListMap<>();

    void count(String event) {
        counts.computeIfAbsent(event, _ -> new LongAdder()).increment();
    }

    /** Counts an event that is an error. */
    void fault(String event) {
        faults.computeIfAbsent(event, _ -> new LongAdder()).increment();
    }

    boolean isClean() {
        return faults.isEmpty();
    }

    String text() {
        return counts + (faults.isEmpty() ? ", nothing wrong" : ", WRONG: " + faults);
    }
}
