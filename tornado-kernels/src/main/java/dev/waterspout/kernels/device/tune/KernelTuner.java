package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelCandidates;
import dev.waterspout.kernels.device.KernelChoices;
import dev.waterspout.kernels.device.KernelDevice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Tunes the kernels of a device. Nothing else may run on the device at the same time.
 *
 * @param device the device that runs the kernels
 * @param kernels its variant and limits
 */
public record KernelTuner(TornadoDevice device, KernelDevice kernels) {
    /** Listener for progress. */
    @FunctionalInterface
    public interface Listener {
        /**
         * A case is about to be tuned, or all are done.
         *
         * @param done cases
         * @param all number of cases
         * @param next description of the next case; empty at the end
         */
        void progress(int done, int all, String next);
    }

    /** Creates a tuner with the variant and limits that the device reports. */
    public KernelTuner(TornadoDevice device) {
        this(device, KernelDevice.of(device));
    }

    /**
     * Tunes.
     *
     * @param cases the kernels and shapes to tune
     * @param budget time limit of all cases together, divided evenly; time that a case does not use is given to the
     *     following cases
     * @param listener receives the progress of every case
     * @return a result per case
     * @throws TuneException if a default fails
     */
    public List<TuneResult> tune(List<? extends TuneCase> cases, Duration budget, Listener listener) {
        LongSupplier clock = System::nanoTime;
        long end = clock.getAsLong() + budget.toNanos();
        List<TuneResult> results = new ArrayList<>();
        for (TuneCase each : cases) {
            listener.progress(results.size(), cases.size(), each.shape().label());
            long start = clock.getAsLong();
            DeviceTrials trials = new DeviceTrials(each, device, kernels);
            long share = Math.max(0, end - start) / (cases.size() - results.size());
            // The time limit includes the creation of operands.
            long left = Math.max(0, share - (clock.getAsLong() - start));
            KernelDevice defaults = kernels.with(KernelChoices.DEFAULTS);
            results.add(
                    new KernelSearch(each, KernelCandidates.of(each.shape(), defaults), trials, clock).search(left));
        }
        listener.progress(results.size(), cases.size(), "");
        return results;
    }
}
