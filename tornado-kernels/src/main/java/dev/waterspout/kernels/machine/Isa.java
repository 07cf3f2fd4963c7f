package dev.waterspout.kernels.machine;

/** The sets of instructions that there are micro-kernels for, the fastest last. */
enum Isa {
    /** Vectors of 256 bits; products of bytes are added in pairs. */
    AVX2(256, 4, false),

    /** Vectors of 256 bits with dot products of four bytes. */
    AVX_VNNI(256, 4, true),

    /** Vectors of 512 bits with dot products of four bytes (AVX-512 F, BW, DQ, VL and VNNI). */
    AVX512_VNNI(512, 6, true);

    /** Vectors of rows that a tile of bytes has. */
    static final int VECTORS = 2;

    private final int bits;
    private final int tokens;
    private final boolean dotProducts;

    Isa(int bits, int tokens, boolean dotProducts) {
        this.bits = bits;
        this.tokens = tokens;
        this.dotProducts = dotProducts;
    }

    /** {@return the bits of a vector} */
    int bits() {
        return bits;
    }

    /** {@return the bytes of a vector} */
    int bytes() {
        return bits / Byte.SIZE;
    }

    /** {@return the lanes of a vector, each of which belongs to a row} */
    int lanes() {
        return bits / Integer.SIZE;
    }

    /** {@return the most tokens of a micro-kernel of bytes} */
    int tokens() {
        return tokens;
    }

    /** {@return the rows of a tile of bytes} */
    int rows() {
        return VECTORS * lanes();
    }

    /** {@return whether there are dot products of four bytes} */
    boolean dotProducts() {
        return dotProducts;
    }

    /** {@return whether registers 16 to 31 exist} */
    boolean manyRegisters() {
        return bits == 512;
    }
}
