package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelChoice;
import java.util.List;
import java.util.Optional;

/**
 * The result of tuning one case.
 *
 * @param tuned the case
 * @param timed choices that were timed to the end, the fastest first; the default is among them
 * @param byDefault the choice that is used without a measurement
 * @param rejected choices that failed or gave a wrong result
 * @param slower choices that were too slow in a few runs
 * @param untried choices for which no time was left
 */
public record TuneResult(
        TuneCase tuned, List<Timed> timed, Timed byDefault, List<Rejected> rejected, int slower, int untried) {
    /** Copies the lists. */
    public TuneResult {
        timed = List.copyOf(timed);
        rejected = List.copyOf(rejected);
    }

    /**
     * A choice and its times.
     *
     * @param choice the choice
     * @param median medians of the times
     * @param spread interquartile range of the kernel times, as a fraction of their median
     */
    public record Timed(KernelChoice choice, KernelTimes median, double spread) {}

    /**
     * A choice that cannot be used.
     *
     * @param choice the choice
     * @param why the failure, or the difference from the reference
     */
    public record Rejected(KernelChoice choice, String why) {}

    /** {@return the selected choice} */
    public Timed winner() {
        return timed.getFirst();
    }

    /** {@return the second fastest choice, if more than one was timed} */
    public Optional<Timed> runnerUp() {
        return timed.stream().skip(1).findFirst();
    }

    /** {@return the kernel time of the default divided by that of the selected choice} */
    public double gain() {
        return (double) byDefault.median().kernelNanos()
                / Math.max(1, winner().median().kernelNanos());
    }
}
