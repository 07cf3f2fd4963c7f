package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;

/** How work is divided into work-items, by the kind of hardware. */
public enum KernelVariant {
    /** One work-item per output, for CPUs, where barriers are expensive and caches are large. */
    ITEMS,
    /** Work-groups that share local memory, for GPUs and other accelerators. */
    GROUPS;

    /**
     * Returns the variant for a type of device.
     *
     * @param type type of the device that TornadoVM reports
     */
    public static KernelVariant of(TornadoDeviceType type) {
        return switch (type) {
            case CPU -> ITEMS;
            case GPU, FPGA, ACCELERATOR, CUSTOM, DEFAULT, UNKNOWN, ALL -> GROUPS;
        };
    }
}
