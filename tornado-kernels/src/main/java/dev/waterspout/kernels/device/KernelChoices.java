package dev.waterspout.kernels.device;

import java.util.Optional;

/** Choices that replace the defaults of a device. */
@FunctionalInterface
public interface KernelChoices {
    /** None: every kernel runs as the kind of device suggests. */
    KernelChoices DEFAULTS = _ -> Optional.empty();

    /**
     * {@return how a kernel is to run, if that is known}
     *
     * @param shape shape of the launch
     */
    Optional<KernelChoice> find(KernelShape shape);
}
