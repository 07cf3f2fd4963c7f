package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.vector.Layouts;

/**
 * A type whose weights are a number of 8 bits times a scale that a group of weights shares, for some types plus an
 * offset of the group. Subclasses only read a block into these parts.
 */
abstract class ScaledQuants extends TensorType {
    private final int groupShift;
    private final boolean hasOffsets;

    /**
     * Creates a type.
     *
     * @param group weights that share a scale, a power of two of at least 16
     * @param hasOffsets whether groups have offsets; the product of a number and its scale is then exact in f32
     */
    ScaledQuants(int id, int blockElements, int blockBytes, int group, boolean hasOffsets) {
        super(id, blockElements, blockBytes);
        groupShift = Integer.numberOfTrailingZeros(group);
        this.hasOffsets = hasOffsets;
    }

    /**
     * Reads a block.
     *
     * @param block its address
     * @param to receives its numbers and the scales and offsets of its groups
     */
    abstract void read(long block, QuantBlock to);

    @Override
    final void unpack(long address, int count, long target, QuantBlock scratch) {
        int blocks = count / blockElements();
        for (int b = 0; b < blocks; b++) {
            read(address + (long) b * blockBytes(), scratch);
            long to = target + Layouts.floats((long) b * blockElements());
            if (hasOffsets) {
                scratch.scaleAndShift(blockElements(), groupShift, to);
            } else {
                scratch.scale(blockElements(), groupShift, to);
            }
        }
    }
}
