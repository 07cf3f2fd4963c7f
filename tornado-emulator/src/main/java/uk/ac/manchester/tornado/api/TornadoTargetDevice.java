package uk.ac.manchester.tornado.api;

/** The hardware's own description of a device. */
public interface TornadoTargetDevice {
    /** Name. */
    String getDeviceName();

    /** Bytes of memory. */
    long getDeviceGlobalMemorySize();

    /** Bytes of memory that a work-group shares. */
    long getDeviceLocalMemorySize();

    /** Compute units. */
    int getDeviceMaxComputeUnits();

    /** The most work-items of a group per dimension. */
    long[] getDeviceMaxWorkItemSizes();

    /** The most work-items of a group, in one element. */
    long[] getDeviceMaxWorkGroupSize();

    /** The most work-items of a group. */
    int getMaxThreadsPerBlock();

    /** The most bytes of one array. */
    long getDeviceMaxAllocationSize();

    /** A description, as readable text. */
    String getDeviceInfo();
}
