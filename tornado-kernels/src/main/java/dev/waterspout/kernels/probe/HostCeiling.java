package dev.waterspout.kernels.probe;

/**
 * The measured limits of a number of cores at work together.
 *
 * @param threads how many
 * @param readBytesPerSecond sequential reads of memory that no cache holds
 * @param flopsPerSecond fused multiply-adds of f32 in registers, two operations each
 */
public record HostCeiling(int threads, double readBytesPerSecond, double flopsPerSecond) {}
