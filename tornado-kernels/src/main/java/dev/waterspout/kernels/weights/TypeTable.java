package dev.waterspout.kernels.weights;

/**
 * The numbers of a tensor type that device kernels look up.
 *
 * @param start index of the first number in {@link DeviceTables}
 * @param values the numbers
 */
@SuppressWarnings("ArrayRecordComponent") // made once, never compared
record TypeTable(int start, float[] values) {
    /** No numbers. */
    static final TypeTable NONE = new TypeTable(0, new float[0]);
}
