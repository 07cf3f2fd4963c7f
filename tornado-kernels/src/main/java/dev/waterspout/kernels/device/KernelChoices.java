package dev.waterspout.kernels.device;

import java.util.Optional;

/** Kernel choices that replace a device's defaults. */
@FunctionalInterface
public interface KernelChoices {
    /** No choices: every kernel runs with the default of the kind of device. */
    KernelChoices DEFAULTS = _ -> Optional.empty();

    /**
     * {@return the choice for a kernel; empty for the default}
     *
     * @param shape shape of the launch
     */
    Optional<KernelChoice> find(KernelShape shape);
}
