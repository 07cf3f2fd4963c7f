package dev.waterspout.kernels.weights;

/**
 * The signs of eight numbers in seven bits: bit {@code j} of the first seven, and the parity of these for the eighth.
 */
final class Signs {
    private Signs() {}

    /** {@return all eight signs, the eighth in bit 7} */
    static int all(int seven) {
        return seven | (Integer.bitCount(seven) & 1) << 7;
    }

    /** {@return 1 where number {@code j} is negative, else 0; a kernel's part} */
    static int negative(int seven, int j) {
        int folded = seven ^ (seven >> 4);
        folded = folded ^ (folded >> 2);
        folded = folded ^ (folded >> 1);
        return ((seven | ((folded & 1) << 7)) >> j) & 1;
    }
}
