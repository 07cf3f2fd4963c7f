package dev.waterspout.kernels.weights;

/**
 * Where a row's numbers, scales and offsets go when micro-kernels multiply them.
 *
 * @param numbers address of the first number, a signed byte; the next ones follow
 * @param scales address of the first group's scale, an f32
 * @param offsets address of the first group's offset, an f32
 * @param groupStride bytes from a group's scale, or offset, to the next one's
 */
public record QuantTarget(long numbers, long scales, long offsets, long groupStride) {}
