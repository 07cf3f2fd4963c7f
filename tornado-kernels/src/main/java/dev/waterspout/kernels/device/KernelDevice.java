package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * The properties of a device that kernels depend on.
 *
 * @param variant how work is divided where nothing was measured
 * @param limits limits of a launch
 * @param choices choices that replace the defaults for some shapes
 */
public record KernelDevice(KernelVariant variant, DeviceLimits limits, KernelChoices choices) {
    /** A device on which every kernel runs with the default of its variant. */
    public KernelDevice(KernelVariant variant, DeviceLimits limits) {
        this(variant, limits, KernelChoices.DEFAULTS);
    }

    /**
     * {@return the properties that a device reports}
     *
     * @param device a device of any backend
     */
    public static KernelDevice of(TornadoDevice device) {
        return new KernelDevice(KernelVariant.of(device.getDeviceType()), DeviceLimits.of(device));
    }

    /**
     * Returns this device with other choices.
     *
     * @param other the choices that replace the defaults
     */
    public KernelDevice with(KernelChoices other) {
        return new KernelDevice(variant, limits, other);
    }

    /**
     * Returns the choice for a kernel on this device.
     *
     * @param shape shape of the launch
     * @throws IllegalArgumentException if the device cannot run the kernel with the given choice
     */
    KernelChoice choice(KernelShape shape) {
        KernelChoice choice = choices.find(shape).orElseGet(() -> KernelCandidates.byDefault(shape, variant));
        KernelCandidates.problem(shape, choice, this).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        return choice;
    }
}
