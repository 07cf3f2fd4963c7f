package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * What kernels need to know of the device that they run on.
 *
 * @param variant how work is divided where nothing was measured
 * @param limits limits of a launch
 * @param choices choices that replace the defaults for some shapes
 */
public record KernelDevice(KernelVariant variant, DeviceLimits limits, KernelChoices choices) {
    /** A device on which every kernel runs as its variant suggests. */
    public KernelDevice(KernelVariant variant, DeviceLimits limits) {
        this(variant, limits, KernelChoices.DEFAULTS);
    }

    /**
     * {@return what a device says of itself}
     *
     * @param device a device of any backend
     */
    public static KernelDevice of(TornadoDevice device) {
        return new KernelDevice(KernelVariant.of(device.getDeviceType()), DeviceLimits.of(device));
    }

    /**
     * {@return the device with other choices}
     *
     * @param other take the place of the defaults
     */
    public KernelDevice with(KernelChoices other) {
        return new KernelDevice(variant, limits, other);
    }

    /**
     * {@return how a kernel runs on the device}
     *
     * @param shape shape of the launch
     * @throws IllegalArgumentException if the choice that was made is none that the device can run
     */
    KernelChoice choice(KernelShape shape) {
        KernelChoice choice = choices.find(shape).orElseGet(() -> KernelCandidates.byDefault(shape, variant));
        KernelCandidates.problem(shape, choice, this).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        return choice;
    }
}
