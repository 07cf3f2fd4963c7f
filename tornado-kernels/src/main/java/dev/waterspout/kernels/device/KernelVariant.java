package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;

/** How work is cut into work-items, by the kind of hardware. */
public enum KernelVariant {
    /** One item per output: CPUs, where barriers are expensive and caches large. */
    ITEMS,
    /** Groups of items that share local memory: GPUs and other accelerators. */
    GROUPS;

    /**
     * {@return the variant for a kind of device}
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
