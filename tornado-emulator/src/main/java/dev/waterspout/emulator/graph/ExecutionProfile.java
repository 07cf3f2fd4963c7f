package dev.waterspout.emulator.graph;

/**
 * The times and bytes of an execution.
 *
 * @param totalNanos all of it
 * @param kernelNanos kernels
 * @param copyInNanos copies to the device
 * @param copyOutNanos copies to the host
 * @param bytesIn bytes to the device, headers counted
 * @param bytesOut bytes to the host, headers counted
 * @param log profiles so far, as JSON
 */
public record ExecutionProfile(
        long totalNanos,
        long kernelNanos,
        long copyInNanos,
        long copyOutNanos,
        long bytesIn,
        long bytesOut,
        String log) {
    /** The profile of an execution without profiler. */
    static final ExecutionProfile NONE = new ExecutionProfile(0, 0, 0, 0, 0, 0, "");
}
