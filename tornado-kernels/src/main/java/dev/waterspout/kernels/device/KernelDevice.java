package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * What kernels need to know of the device that they run on.
 *
 * @param variant how work is cut
 * @param limits what a launch must keep to
 */
public record KernelDevice(KernelVariant variant, DeviceLimits limits) {
    /**
     * {@return what a device says of itself}
     *
     * @param device a device of any backend
     */
    public static KernelDevice of(TornadoDevice device) {
        return new KernelDevice(KernelVariant.of(device.getDeviceType()), DeviceLimits.of(device));
    }
}
