package dev.waterspout.kernels.probe;

/**
 * The measured limits of a TornadoVM device, by its own kernels.
 *
 * @param readBytesPerSecond reads of memory that no cache holds
 * @param flopsPerSecond multiply-adds of f32 in registers, two operations each
 */
public record DeviceCeiling(double readBytesPerSecond, double flopsPerSecond) {}
