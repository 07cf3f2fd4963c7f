package dev.waterspout.interconnect.policy;

import java.util.Arrays;

/** The time since measuring began, and how busy JITs were, as all ranks see it: the slowest and busiest rank's. */
final class GroupTime {
    private final Bench bench;
    private final Agreement agreement;
    private final long start;
    private double spent;

    /** A point in time, with what the own JIT had used. */
    record Mark(double seconds, long compiling) {}

    GroupTime(Bench bench) {
        this.bench = bench;
        this.agreement = new Agreement(bench.control());
        this.start = bench.nanoClock().getAsLong();
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
        return new Mark(spent, bench.clocks().compiling().getAsLong());
    }

    /** {@return the seconds from a mark to the last {@link #share}} */
    double since(Mark mark) {
        return spent - mark.seconds();
    }

    /** Called on all ranks; {@return whether the JITs of all were nearly idle since then} */
    boolean isIdle(Mark mark) {
        double busy = agreement.max((bench.clocks().compiling().getAsLong() - mark.compiling()) * 1e-9);
        return busy <= WarmUp.IDLE * since(mark);
    }
}
