package dev.waterspout.interconnect.collective;

import dev.waterspout.interconnect.collective.ExchangeCounters.Traffic;
import dev.waterspout.kernels.codec.RangeCheck;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.timeline.Phase;
import dev.waterspout.kernels.timeline.Timeline;
import java.lang.foreign.MemorySegment;

/** Adds the time since the last step to the counters of the step that ends. */
final class Stopwatch {
    private final ExchangeCounters counters;
    private final CollectiveKind kind;
    private Timeline.Laps laps;
    private long last = System.nanoTime();

    Stopwatch(ExchangeCounters counters, CollectiveKind kind) {
        this.counters = counters;
        this.kind = kind;
        this.laps = counters.timeline().laps();
    }

    /** Skips the time since the last step. */
    void resume() {
        laps = counters.timeline().laps();
        last = System.nanoTime();
    }

    /** Counts the values beyond the format's range in a part of the partial that this rank has just encoded. */
    void check(StagedPort port, Tile tile, MemorySegment payload) {
        if (RangeCheck.isNeeded(port.format()) && !tile.isEmpty()) {
            counters.addSaturated(port.saturated(tile, payload));
        }
    }

    /** Counts the values at the end of the format's range in a sum that this rank has just encoded. */
    void check(WireFormat format, MemorySegment payload, Tile tile) {
        if (RangeCheck.isNeeded(format)) {
            counters.addSaturated(RangeCheck.count(format, payload, tile.rows(), tile.columns()));
        }
    }

    void encoded() {
        counters.addTimes(lap(Phase.QUANTIZE), 0, 0);
    }

    void transferred() {
        counters.addTimes(0, lap(Phase.TRANSFER), 0);
    }

    void transferred(Traffic traffic) {
        transferred();
        counters.addTraffic(kind, traffic);
    }

    void summed() {
        counters.addTimes(0, 0, lap(Phase.DEQUANTIZE_SUM));
    }

    private long lap(Phase phase) {
        laps.next(phase, kind.label());
        long now = System.nanoTime();
        long spent = now - last;
        last = now;
        return spent;
    }
}
