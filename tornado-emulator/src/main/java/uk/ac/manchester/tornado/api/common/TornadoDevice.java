package uk.ac.manchester.tornado.api.common;

import uk.ac.manchester.tornado.api.TornadoDeviceContext;
import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** A device that can execute task graphs. */
public interface TornadoDevice {
    /** Short name, such as {@code emulator-0}. */
    String getDeviceName();

    /** A description, as readable text. */
    String getDescription();

    /** The name of its platform. */
    String getPlatformName();

    /** The hardware's own description. */
    TornadoTargetDevice getPhysicalDevice();

    /** Kind. */
    TornadoDeviceType getDeviceType();

    /** The most bytes of one array. */
    long getMaxAllocMemory();

    /** Bytes of memory. */
    long getMaxGlobalMemory();

    /** Bytes of memory that a work-group shares. */
    long getDeviceLocalMemorySize();

    /** The most work-items of a group per dimension. */
    long[] getDeviceMaxWorkgroupDimensions();

    /** The language version of its compiler. */
    String getDeviceOpenCLCVersion();

    /** A description, as readable text. */
    Object getDeviceInfo();

    /** The index of its backend. */
    int getBackendIndex();

    /** The type of its backend. */
    TornadoVMBackendType getTornadoVMBackend();

    /** Whether it takes SPIR-V. */
    boolean isSPIRVSupported();

    /** The runtime's data of the device. */
    TornadoDeviceContext getDeviceContext();

    /** Waits until all work that a plan has enqueued on the device is done. */
    void sync(long executionPlanId);
}
