package dev.waterspout.emulator.graph;

/**
 * What an execution took.
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
    /** What an execution without profiler reports. */
    static final ExecutionProfile NONE = new ExecutionProfile(0, 0, 0, 0, 0, 0, "");
}
