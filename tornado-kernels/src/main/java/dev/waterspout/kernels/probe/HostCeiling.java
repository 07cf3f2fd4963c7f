package dev.waterspout.kernels.probe;

/**
 * The measured limits of several cores that work at the same time.
 *
 * @param threads number of threads, one per core
 * @param readBytesPerSecond sequential read bandwidth, of data that fits in no cache
 * @param flopsPerSecond fused multiply-adds of f32 in registers, two operations each
 * @param byteOpsPerSecond multiply-adds of bytes in registers, two operations each; 0 if there is no machine code
 */
public record HostCeiling(int threads, double readBytesPerSecond, double flopsPerSecond, double byteOpsPerSecond) {}
