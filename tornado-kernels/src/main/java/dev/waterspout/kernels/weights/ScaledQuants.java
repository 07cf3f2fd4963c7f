package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.machine.BlockCode;
import dev.waterspout.kernels.machine.BlockReader;
import dev.waterspout.kernels.machine.Quants;
import dev.waterspout.kernels.vector.Layouts;

/**
 * A type whose weights are a number of 8 bits times a scale that a group of weights shares, for some types plus an
 * offset of the group. Subclasses only read a block into these parts.
 */
abstract class ScaledQuants extends TensorType implements BlockReader {
    /** Columns of the longest group of {@link Quants}: a longer one becomes several with the same scale. */
    private static final int LONGEST_GROUP = 32;

    private final int groupShift;
    private final boolean hasOffsets;
    private final Quants quants;

    /**
     * Creates a type.
     *
     * @param group weights that share a scale, a power of two of at least 16
     * @param hasOffsets whether groups have offsets; the product of a number and its scale is then exact in f32
     * @param least the least number
     * @param most the largest number
     */
    ScaledQuants(int id, int blockElements, int blockBytes, int group, boolean hasOffsets, int least, int most) {
        super(id, blockElements, blockBytes);
        groupShift = Integer.numberOfTrailingZeros(group);
        this.hasOffsets = hasOffsets;
        quants = new Quants(Math.min(group, LONGEST_GROUP), hasOffsets, least, most);
    }

    /**
     * Reads a block.
     *
     * @param block its address
     * @param to receives its numbers and the scales and offsets of its groups
     */
    abstract void read(long block, QuantBlock to);

    /** {@return how {@link Panels} store the type: with the numbers of {@link #read}} */
    @Override
    abstract PanelLayout panels();

    /**
     * Reads the scales and offsets of a block as {@link Panels} store them.
     *
     * @param block its address
     * @param to receives them
     */
    abstract void header(long block, PanelHeader to);

    @Override
    public final int group() {
        return quants.group();
    }

    /**
     * Emits nothing: {@link #read} does for types that are rarely used. Others override both this and
     * {@link #isEmitted}.
     */
    @Override
    public void emit(BlockCode code) {
        throw new IllegalStateException(this + " is not read by machine code");
    }

    /** {@return whether machine code reads the type} */
    boolean isEmitted() {
        return false;
    }

    /** {@return the range of the numbers, and the groups, of blocks} */
    final Quants quants() {
        return quants;
    }

    /**
     * Reads a part of a row into memory of micro-kernels.
     *
     * @param address address of the first block
     * @param count number of weights, a multiple of the block
     * @param target receives numbers, scales and offsets
     * @param scratch the caller's
     */
    final void read(long address, int count, QuantTarget target, QuantBlock scratch) {
        int repeats = (1 << groupShift) / quants.group();
        for (int i = 0; i < count; i += blockElements()) {
            scratch.place(target, i, i / quants.group(), repeats);
            read(address + (long) (i / blockElements()) * blockBytes(), scratch);
        }
    }

    @Override
    void unpack(long address, int count, long target, QuantBlock scratch) {
        scratch.placeInOwnMemory();
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
