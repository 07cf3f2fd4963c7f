package dev.waterspout.interconnect.policy.trial;

import dev.waterspout.interconnect.policy.measure.Agreement;
import dev.waterspout.interconnect.policy.measure.Bench;
import dev.waterspout.interconnect.policy.measure.Seconds;
import dev.waterspout.interconnect.policy.measure.WarmUp;
import java.util.Arrays;

/**
 * The time since the start of the measurements and the load of the JITs, agreed by all ranks: the values of the
 * slowest and the busiest rank. Time in barriers is left out.
 */
final class GroupTime {
    private final Bench bench;
    private final Agreement agreement;
    /** The start, moved by the time in barriers. */
    private long start;

    private double spent;

    /**
     * A point in time: the group's seconds, this rank's clock, and the processor time of this rank's JIT in
     * nanoseconds.
     */
    record Mark(double seconds, long nanos, long compiling) {}

    GroupTime(Bench bench) {
        this.bench = bench;
        this.agreement = new Agreement(bench.control());
        this.start = bench.nanoClock().getAsLong();
    }

    /** A barrier. Called on all ranks. */
    void barrier() {
        long from = bench.nanoClock().getAsLong();
        bench.barrier().run();
        start += bench.nanoClock().getAsLong() - from;
    }

    /** {@return the seconds at the last {@link #share}} */
    double spent() {
        return spent;
    }

    /** Called on all ranks; {@return the largest of all ranks' values} The time is agreed in the same exchange. */
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

    /** Called on all ranks; {@return whether the JITs of all ranks were nearly idle since a mark, barriers included} */
    boolean isIdle(Mark mark) {
        double compiling = (bench.clocks().compiling().getAsLong() - mark.compiling()) * 1e-9;
        double allowed = WarmUp.IDLE * Seconds.since(bench.nanoClock(), mark.nanos());
        return agreement.max(compiling - allowed) <= 0;
    }
}
