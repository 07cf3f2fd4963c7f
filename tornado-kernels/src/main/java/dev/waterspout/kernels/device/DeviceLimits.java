package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * Limits of a launch on a device, and how much it runs at a time.
 *
 * @param groupItems largest number of work-items of a work-group
 * @param groupX largest number of work-items of a work-group in the first dimension
 * @param groupY largest number of work-items of a work-group in the second dimension
 * @param localBytes local memory of a work-group
 * @param computeUnits work-groups that run at the same time at least, such as the multiprocessors of a GPU
 */
public record DeviceLimits(long groupItems, long groupX, long groupY, long localBytes, int computeUnits) {
    /** Checks that the sizes are at least 1. */
    public DeviceLimits {
        if (groupItems < 1 || groupX < 1 || groupY < 1 || localBytes < 0 || computeUnits < 1) {
            throw new IllegalArgumentException("limits of " + groupItems + " items, " + groupX + " x " + groupY + ", "
                    + localBytes + " bytes, " + computeUnits + " compute units: sizes are at least 1");
        }
    }

    /**
     * {@return the limits that a device reports}
     *
     * @param device a device of any backend
     */
    public static DeviceLimits of(TornadoDevice device) {
        TornadoTargetDevice physical = device.getPhysicalDevice();
        // OpenCL reports the limit only as its work-group size, PTX only as its threads per block.
        long groupSize = physical.getDeviceMaxWorkGroupSize()[0];
        long threads = physical.getMaxThreadsPerBlock();
        long[] items = physical.getDeviceMaxWorkItemSizes();
        return new DeviceLimits(
                threads > 0 ? Math.min(threads, groupSize) : groupSize,
                items[0],
                items.length > 1 ? items[1] : 1,
                device.getDeviceLocalMemorySize(),
                Math.max(1, physical.getDeviceMaxComputeUnits()));
    }
}
