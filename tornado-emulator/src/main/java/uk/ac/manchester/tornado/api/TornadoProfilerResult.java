package uk.ac.manchester.tornado.api;

import dev.waterspout.emulator.graph.ExecutionProfile;

/** Times in nanoseconds and bytes of one execution; all 0 unless the plan's profiler is on. */
public class TornadoProfilerResult {
    private final ExecutionProfile profile;

    TornadoProfilerResult(ExecutionProfile profile) {
        this.profile = profile;
    }

    /** The whole execution. */
    public long getTotalTime() {
        return profile.totalNanos();
    }

    /** Compilation; 0 on the emulator. */
    public long getCompileTime() {
        return 0;
    }

    /** Copies in both directions. */
    public long getDataTransfersTime() {
        return profile.copyInNanos() + profile.copyOutNanos();
    }

    /** Copies from host to device. */
    public long getDeviceWriteTime() {
        return profile.copyInNanos();
    }

    /** Copies from device to host. */
    public long getDeviceReadTime() {
        return profile.copyOutNanos();
    }

    /** Kernels. */
    public long getDeviceKernelTime() {
        return profile.kernelNanos();
    }

    /** From the call to the start of copies; 0 on the emulator. */
    public long getDataTransferDispatchTime() {
        return 0;
    }

    /** From the call to the start of kernels; 0 on the emulator. */
    public long getKernelDispatchTime() {
        return 0;
    }

    /** Bytes from host to device, headers counted. */
    public long getTotalBytesCopyIn() {
        return profile.bytesIn();
    }

    /** Bytes from device to host, headers counted. */
    public long getTotalBytesCopyOut() {
        return profile.bytesOut();
    }

    /** Bytes in both directions. */
    public long getTotalBytesTransferred() {
        return profile.bytesIn() + profile.bytesOut();
    }

    /** The profiles of the plan's profiled executions so far, one JSON object per graph and execution. */
    public String getProfileLog() {
        return profile.log();
    }
}
