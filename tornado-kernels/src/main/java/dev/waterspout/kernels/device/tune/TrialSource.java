package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelChoice;

/** Compiles the ways of running one case. */
@FunctionalInterface
interface TrialSource {
    /**
     * {@return a trial, which is to be closed}
     *
     * @param choice the way
     */
    Trial open(KernelChoice choice);
}
