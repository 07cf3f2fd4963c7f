package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelChoice;
import java.util.List;
import java.util.Optional;

/**
 * What was found out about one case.
 *
 * @param tuned the case
 * @param timed ways that were timed to the end, the winner first and the others by their times; the default is among
 *     them
 * @param byDefault the choice that is used without a measurement
 * @param rejected ways that failed or were wrong, and so were not timed
 * @param slower ways that a few runs showed to be too slow
 * @param untried ways that the budget had no time for
 */
public record TuneResult(
        TuneCase tuned, List<Timed> timed, Timed byDefault, List<Rejected> rejected, int slower, int untried) {
    /** Copies the lists. */
    public TuneResult {
        timed = List.copyOf(timed);
        rejected = List.copyOf(rejected);
    }

    /**
     * A way and its times.
     *
     * @param choice the way
     * @param median the median of each of the times
     * @param spread the distance of the quartiles of kernel times, as a fraction of their median
     */
    public record Timed(KernelChoice choice, KernelTimes median, double spread) {}

    /**
     * A way that cannot be used.
     *
     * @param choice the way
     * @param why the failure, or the difference from the reference
     */
    public record Rejected(KernelChoice choice, String why) {}

    /** {@return the way to take} */
    public Timed winner() {
        return timed.getFirst();
    }

    /** {@return the best of the others, if more than one was timed} */
    public Optional<Timed> runnerUp() {
        return timed.stream().skip(1).findFirst();
    }

    /** {@return how many times faster the winner's kernel is than the default's} */
    public double gain() {
        return (double) byDefault.median().kernelNanos()
                / Math.max(1, winner().median().kernelNanos());
    }
}
