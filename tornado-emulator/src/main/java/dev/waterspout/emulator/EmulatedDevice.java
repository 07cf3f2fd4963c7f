package dev.waterspout.emulator;

import java.util.concurrent.atomic.AtomicLong;
import uk.ac.manchester.tornado.api.TornadoDeviceContext;
import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoBailoutRuntimeException;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;

/**
 * A device with limited memory that counts copied bytes and launches. Tests can make it fail like a device whose
 * driver crashes, or whose memory other processes occupy.
 */
public final class EmulatedDevice implements TornadoDevice {
    private final int index;
    private final DeviceSpec spec;
    private final AtomicLong bytesToDevice = new AtomicLong();
    private final AtomicLong bytesToHost = new AtomicLong();
    private final AtomicLong launches = new AtomicLong();

    private long memoryInUse;
    private long allocatable = Long.MAX_VALUE;
    private long mostAllocated = Long.MAX_VALUE;
    private long launchable = Long.MAX_VALUE;
    private boolean lost;

    EmulatedDevice(int index, DeviceSpec spec) {
        this.index = index;
        this.spec = spec;
    }

    /** The type and the limits of the device. */
    public DeviceSpec spec() {
        return spec;
    }

    /** Bytes copied from the host so far, including the headers of arrays. */
    public long bytesToDevice() {
        return bytesToDevice.get();
    }

    /** Bytes copied to the host so far, including the headers of arrays. */
    public long bytesToHost() {
        return bytesToHost.get();
    }

    /** Kernels launched so far. */
    public long launches() {
        return launches.get();
    }

    /** Bytes allocated now. */
    public synchronized long memoryInUse() {
        return memoryInUse;
    }

    /** Sets the counts of bytes and launches to 0. */
    public void resetCounts() {
        bytesToDevice.set(0);
        bytesToHost.set(0);
        launches.set(0);
    }

    /** Lets a number of further launches succeed; at the next one the device disappears. */
    public synchronized void loseAfterLaunches(long count) {
        launchable = count;
    }

    /** Makes allocations fail after a number of further bytes, although memory is free. */
    public synchronized void failAllocationsAfter(long bytes) {
        allocatable = bytes;
    }

    /** Sets the bytes of the largest allocation, which the device reports, and refuses larger ones. */
    public synchronized void limitAllocations(long bytes) {
        mostAllocated = bytes;
    }

    /**
     * Allocates device memory, with all bits set.
     *
     * @throws TornadoOutOfMemoryException if there is too little left
     */
    public DeviceBuffer allocate(long bytes) {
        synchronized (this) {
            requirePresent();
            if (bytes > spec.memoryBytes() - memoryInUse || bytes > allocatable || bytes > mostAllocated) {
                throw new TornadoOutOfMemoryException("unable to allocate " + bytes + " bytes on " + getDeviceName()
                        + ": " + memoryInUse + " of " + spec.memoryBytes() + " bytes are in use"
                        + (bytes > allocatable ? ", and allocations are made to fail" : ""));
            }
            memoryInUse += bytes;
            allocatable = allocatable == Long.MAX_VALUE ? allocatable : allocatable - bytes;
        }
        return new DeviceBuffer(this, bytes);
    }

    /** Counts a launch; called before each. */
    public synchronized void beginLaunch() {
        if (launchable == 0) {
            lost = true;
        }
        requirePresent();
        launchable = launchable == Long.MAX_VALUE ? launchable : launchable - 1;
        launches.incrementAndGet();
    }

    synchronized void release(long bytes) {
        memoryInUse -= bytes;
    }

    void countToDevice(long bytes) {
        requirePresent();
        bytesToDevice.addAndGet(bytes);
    }

    void countToHost(long bytes) {
        requirePresent();
        bytesToHost.addAndGet(bytes);
    }

    private synchronized void requirePresent() {
        if (lost) {
            throw new TornadoBailoutRuntimeException("device " + getDeviceName() + " has disappeared");
        }
    }

    @Override
    public String getDeviceName() {
        return "emulator-" + index;
    }

    @Override
    public String getDescription() {
        return getDeviceName() + " " + spec.type() + " (available)";
    }

    @Override
    public String getPlatformName() {
        return "emulator";
    }

    @Override
    public TornadoTargetDevice getPhysicalDevice() {
        return new Hardware();
    }

    @Override
    public TornadoDeviceType getDeviceType() {
        return spec.type();
    }

    @Override
    public synchronized long getMaxAllocMemory() {
        return Math.min(mostAllocated, spec.memoryBytes());
    }

    @Override
    public long getMaxGlobalMemory() {
        return spec.memoryBytes();
    }

    @Override
    public long getDeviceLocalMemorySize() {
        return spec.localMemoryBytes();
    }

    @Override
    public long[] getDeviceMaxWorkgroupDimensions() {
        return new long[] {spec.maxWorkGroupSize(), spec.maxWorkGroupSize(), spec.maxWorkGroupSize()};
    }

    @Override
    public String getDeviceOpenCLCVersion() {
        return "none";
    }

    @Override
    public Object getDeviceInfo() {
        return getDescription();
    }

    @Override
    public int getBackendIndex() {
        return 0;
    }

    @Override
    public TornadoVMBackendType getTornadoVMBackend() {
        return TornadoVMBackendType.JAVA;
    }

    @Override
    public boolean isSPIRVSupported() {
        return false;
    }

    @Override
    public TornadoDeviceContext getDeviceContext() {
        return new Context();
    }

    @Override
    public void sync(long executionPlanId) {
        // When an execution returns, all tasks of its plan have ended.
    }

    @Override
    public String toString() {
        return getDescription();
    }

    private final class Context implements TornadoDeviceContext {
        @Override
        public int getDeviceIndex() {
            return index;
        }

        @Override
        public String getDeviceName() {
            return EmulatedDevice.this.getDeviceName();
        }
    }

    private final class Hardware implements TornadoTargetDevice {
        @Override
        public String getDeviceName() {
            return EmulatedDevice.this.getDeviceName();
        }

        @Override
        public long getDeviceGlobalMemorySize() {
            return spec.memoryBytes();
        }

        @Override
        public long getDeviceLocalMemorySize() {
            return spec.localMemoryBytes();
        }

        @Override
        public int getDeviceMaxComputeUnits() {
            return Runtime.getRuntime().availableProcessors();
        }

        @Override
        public long[] getDeviceMaxWorkItemSizes() {
            return getDeviceMaxWorkgroupDimensions();
        }

        @Override
        public long[] getDeviceMaxWorkGroupSize() {
            return new long[] {spec.maxWorkGroupSize()};
        }

        @Override
        public int getMaxThreadsPerBlock() {
            return spec.maxWorkGroupSize();
        }

        @Override
        public long getDeviceMaxAllocationSize() {
            return spec.memoryBytes();
        }

        @Override
        public String getDeviceInfo() {
            return getDescription();
        }
    }
}
