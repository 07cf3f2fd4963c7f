package dev.waterspout.interconnect.policy.trial;

import dev.waterspout.interconnect.policy.measure.Agreement;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.Seconds;
import dev.waterspout.interconnect.policy.measure.WarmUp;
import java.util.Arrays;

/**
 * The time spent since measuring began, and how busy JITs were, as all ranks see it: the slowest and busiest rank's.
 * What ranks take to meet is not spent.
 */
final class GroupTime {
    private final Bench bench;
    private final Agreement agreement;
    /** Later by all meetings. */
    private long start;

    private double spent;

    /** A point in time: seconds spent, and the own clock and what the own JIT had used in nanoseconds. */
    record Mark(double seconds, long nanos, long compiling) {}

    GroupTime(Bench bench) {
        this.bench = bench;
        this.agreement = new Agreement(bench.control());
        this.start = bench.nanoClock().getAsLong();
    }

    /** Called on all ranks, which leave it together. */
    void barrier() {
        long from = bench.nanoClock().getAsLong();
        bench.barrier().run();
        start += bench.nanoClock().getAsLong() - from;
    }

    /** {@return the seconds at the last {@link #share}} */
    double spent() {
        return spent;
    }

    /** Called on all ranks; {@return the largest of all ranks' figures} The time is shared with them. */
    double[] share(double[] own) {
        double[] all = Arrays.copyOf(own, own.length + 1);
        all[own.length] = Seconds.since(bench.nanoClock(), start);
        double[] largest = agreement.max(all);
        spent = largest[own.length];
        return Arrays.copyOf(largest, own.length);
    }

    Mark mark() {
        return new Mark(
                spent, bench.nanoClock().getAsLong(), bench.clocks().compiling().getAsLong());
    }

    /** {@return the seconds from a mark to the last {@link #share}} */
    double since(Mark mark) {
        return spent - mark.seconds();
    }

    /** Called on all ranks; {@return whether the JITs of all were nearly idle since then, meetings included} */
    boolean isIdle(Mark mark) {
        double compiling = (bench.clocks().compiling().getAsLong() - mark.compiling()) * 1e-9;
        double allowed = WarmUp.IDLE * Seconds.since(bench.nanoClock(), mark.nanos());
        return agreement.max(compiling - allowed) <= 0;
    }
}
