package dev.waterspout.kernels.parallel;

/** Work on one band of the items of a {@link WorkerPool#run}. */
@FunctionalInterface
public interface RangeTask {
    /**
     * Processes a band. Bands of one run do not overlap and may be processed at the same time.
     *
     * @param worker index of the worker, in [0, {@link WorkerPool#threads()}); no two bands of a run share it,
     *     so it may select scratch memory
     * @param from first item
     * @param to item after the last; larger than {@code from}
     */
    void run(int worker, int from, int to);
}
