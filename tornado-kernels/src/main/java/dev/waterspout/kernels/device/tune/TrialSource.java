package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.KernelChoice;

/** Compiles the choices of one case. */
@FunctionalInterface
interface TrialSource {
    /**
     * {@return a trial, which the caller closes}
     *
     * @param choice the choice
     */
    Trial open(KernelChoice choice);
}
