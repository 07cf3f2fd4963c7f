package dev.waterspout.kernels.device.tune;

/**
 * What TornadoVM's profiler reports of one execution of a graph with one task.
 *
 * @param kernelNanos the kernel on the device: TASK_KERNEL_TIME
 * @param copyNanos copies between host and device, both ways
 * @param dispatchNanos time from the call to the start of copies and kernels; 0 where the runtime does not report it
 */
public record KernelTimes(long kernelNanos, long copyNanos, long dispatchNanos) {}
