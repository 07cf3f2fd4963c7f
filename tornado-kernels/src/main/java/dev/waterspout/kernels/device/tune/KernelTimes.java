package dev.waterspout.kernels.device.tune;

/**
 * Times that TornadoVM's profiler reports for one execution of a graph with one task.
 *
 * @param kernelNanos time of the kernel on the device: TASK_KERNEL_TIME
 * @param copyNanos time of copies between host and device, in both directions
 * @param dispatchNanos time from the call to the start of copies and kernels; 0 if the runtime does not report it
 */
public record KernelTimes(long kernelNanos, long copyNanos, long dispatchNanos) {}
