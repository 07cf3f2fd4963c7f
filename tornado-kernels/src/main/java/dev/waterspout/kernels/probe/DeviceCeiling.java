package dev.waterspout.kernels.probe;

/**
 * The limits of a TornadoVM device, as measured by kernels on it.
 *
 * @param readBytesPerSecond read bandwidth, of data that fits in no cache
 * @param flopsPerSecond multiply-adds of f32 in registers, two operations each
 */
public record DeviceCeiling(double readBytesPerSecond, double flopsPerSecond) {}
