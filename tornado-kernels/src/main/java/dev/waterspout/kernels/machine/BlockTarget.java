package dev.waterspout.kernels.machine;

/** The consumer of a block's numbers, which {@link BlockCode} unpacks from 16 bytes of each row at a time. */
interface BlockTarget {
    /** Registers 0 to 7 are about to be overwritten. */
    default void overwrite() {}

    /**
     * Loads 16 bytes of each row.
     *
     * @param displacement displacement of the first row's bytes from the block
     * @return first of {@value BlockCode#QUADS} registers
     */
    int load(int displacement);

    /**
     * Takes numbers, see {@link BlockCode#store}.
     *
     * @param column the run's first column in the block, plus {@code 4 i} for the i-th of {@value BlockCode#QUADS}
     *     values
     * @param value register of the numbers, without sign where they are less the least one; it may be overwritten
     */
    void store(int column, int value);

    /**
     * Makes bit 4 of the numbers of a value, see {@link BlockCode#fifthBits}.
     *
     * @param to receives them
     * @param from a doubleword of each row, a lane per row
     * @param column column, as in {@link #store}
     */
    void fifthBits(int to, int from, int column);
}
