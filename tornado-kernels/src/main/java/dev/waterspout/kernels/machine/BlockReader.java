package dev.waterspout.kernels.machine;

/** How machine code reads the blocks of a tensor type. */
public interface BlockReader {
    /** {@return weights of a block: at most {@value ByteLayout#CHUNK}} */
    int blockElements();

    /** {@return bytes of a block} */
    int blockBytes();

    /** {@return columns that share a scale: 16 or 32} */
    int group();

    /**
     * Emits the code for a block of some rows, one per lane of a vector.
     *
     * @param code receives the code
     */
    void emit(BlockCode code);

    /** {@return the numbers that {@link BlockCode#storeLookedUp} looks up: 16, or none} */
    default byte[] numbers() {
        return new byte[0];
    }
}
