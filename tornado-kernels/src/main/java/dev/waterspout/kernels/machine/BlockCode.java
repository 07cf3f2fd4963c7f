package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.machine.ByteLayout.Constant;

/**
 * Operations for a tensor type's code on one block of a vector of rows. Values are in vector registers and are
 * identified by their register: {@link #quads} and {@link #numbers} use registers 0 to 7, {@value #OWN} to
 * {@value #LAST} are the type's own.
 *
 * <p>Scales have a lane per row. The {@link BlockTarget} determines the rows and columns of a vector of numbers; a
 * type's code treats all bytes in the same way.
 */
public final class BlockCode {
    /** The first register that belongs to the type. */
    public static final int OWN = 8;

    /** The last one; where numbers are stored the last one is 13. */
    public static final int LAST = 14;

    /** Vectors that {@link #quads} makes. */
    public static final int QUADS = Transpose.STEPS;

    private static final int BITS = 32;

    /** Bits of the fraction of an f32. */
    private static final int FRACTION_BITS = 23;

    private final Isa isa;
    private final Assembler code;
    private final int vector;
    private final int rowStride;
    private final BlockTarget target;

    /**
     * Begins a block.
     *
     * @param vector index of the vector of rows
     * @param rowStride bytes from a row to the next
     * @param target consumer of the numbers
     */
    BlockCode(Isa isa, Assembler code, int vector, int rowStride, BlockTarget target) {
        this.isa = isa;
        this.code = code;
        this.vector = vector;
        this.rowStride = rowStride;
        this.target = target;
    }

    private int place(int row, int offset) {
        return (vector * isa.lanes() + row) * rowStride + offset;
    }

    /**
     * Loads 16 bytes of the block, of which scales are made.
     *
     * @param offset offset of the first byte in the block
     * @return first of {@value Transpose#STEPS} registers, which have four consecutive bytes of each row
     */
    public int quads(int offset) {
        target.overwrite();
        return Transpose.emit(isa, code, General.RSI, place(0, offset), rowStride, 0);
    }

    /**
     * Loads 16 bytes of the block, to be unpacked to numbers.
     *
     * @param offset offset of the first byte in the block
     * @return first of {@value #QUADS} registers; the numbers unpacked from each are stored by one {@link #store}
     */
    public int numbers(int offset) {
        return target.load(place(0, offset));
    }

    /**
     * Loads a half as f32.
     *
     * @param to receives it
     * @param offset offset in the block, in bytes
     */
    public void half(int to, int offset) {
        words(to, offset);
        code.put(VectorOp.VCVTPH2PS, to, Source.register(to));
    }

    /**
     * Loads a number of 16 bits without sign.
     *
     * @param to receives it
     * @param offset offset in the block, in bytes
     */
    public void word(int to, int offset) {
        words(to, offset);
        code.put(VectorOp.VPMOVZXWD, to, Source.register(to));
    }

    /** Loads a word of each row into the lower half of a vector. */
    private void words(int to, int offset) {
        target.overwrite();
        int spare = 0;
        for (int eight = 0; eight < isa.lanes() / 8; eight++) {
            int words = eight == 0 ? to : spare;
            code.put(VectorOp.VPXOR, 128, words, words, Source.register(words), 0);
            for (int i = 0; i < 8; i++) {
                Source word = Source.memory(General.RSI, place(8 * eight + i, offset));
                code.put(VectorOp.VPINSRW, 128, words, words, word, i);
            }
        }
        if (isa.manyRegisters()) {
            code.put(VectorOp.VINSERTI128, 256, to, to, Source.register(spare), 1);
        }
    }

    /**
     * Converts the lower words of a value, which are halves, to f32.
     *
     * @param to receives them
     * @param from the value; it is overwritten
     */
    public void lowHalves(int to, int from) {
        if (isa.manyRegisters()) {
            code.put(VectorOp.VPMOVDW, from, Source.register(to));
        } else {
            and(from, from, Constant.LOW_WORDS);
            code.put(VectorOp.VPACKUSDW, from, from, from);
            // Both quarters have their four words twice: the first of each pair become neighbours.
            code.put(VectorOp.VPERMQ, isa.bits(), to, 0, Source.register(from), 0x08);
        }
        code.put(VectorOp.VCVTPH2PS, to, Source.register(to));
    }

    private void and(int to, int from, Constant mask) {
        code.put(VectorOp.VPAND, to, from, Source.memory(General.R8, mask.place()));
    }

    /** to = the low half of each byte. */
    public void lowNibbles(int to, int from) {
        and(to, from, Constant.NIBBLES);
    }

    /** to = the high half of each byte. */
    public void highNibbles(int to, int from) {
        shiftRight(to, from, 4);
        and(to, to, Constant.NIBBLES);
    }

    /** to = the lower six bits of each byte. */
    public void lowSixes(int to, int from) {
        and(to, from, Constant.SIXES);
    }

    /**
     * Moves bits within bytes to bits 4 and 5.
     *
     * @param bit bit of each byte that becomes bit 4; the one above it becomes bit 5
     */
    public void upperPair(int to, int from, int bit) {
        and(to, shifted(to, from, bit, 4), Constant.UPPER_PAIRS);
    }

    /** to = bits {@code bit} and above of each byte, two of them. */
    public void pair(int to, int from, int bit) {
        and(to, shifted(to, from, bit, 0), Constant.PAIRS);
    }

    /** Moves a bit of each byte to bit 2. */
    public void thirdBit(int to, int from, int bit) {
        and(to, shifted(to, from, bit, 2), Constant.FOURS);
    }

    /**
     * Makes bit 4 of numbers of which a doubleword has a bit each.
     *
     * @param from the doubleword of each row
     * @param column first of the four columns that {@link #store} names: its number has bit {@code column}
     */
    public void fifthBits(int to, int from, int column) {
        target.fifthBits(to, from, column);
    }

    /** to = each byte less 32. */
    public void less32(int to, int from) {
        code.put(VectorOp.VPSUBB, to, from, Source.memory(General.R8, Constant.THIRTY_TWOS.place()));
    }

    /** to = of each byte, which is below 16, one of {@link BlockReader#numbers}, as {@link #store} takes it. */
    private void lookup(int to, int from) {
        code.load(to, General.R11, 0);
        code.put(VectorOp.VPSHUFB, to, to, from);
    }

    /**
     * Makes a float of the lowest byte e of a value: 2^(e - 128), as the product of two powers that are no subnormals.
     *
     * @param spare a register that is overwritten
     */
    public void powerOfTwo(int to, int from, int spare) {
        code.put(VectorOp.VPSLLD, isa.bits(), to, 0, Source.register(from), BITS - 8);
        code.put(VectorOp.VPSRLD, isa.bits(), to, 0, Source.register(to), BITS - 8);
        code.put(VectorOp.VPSRLD, isa.bits(), spare, 0, Source.register(to), 1);
        code.put(VectorOp.VPSUBD, to, to, spare);
        for (int half : new int[] {to, spare}) {
            code.put(VectorOp.VPSLLD, isa.bits(), half, 0, Source.register(half), FRACTION_BITS);
            code.put(VectorOp.VPADDD, half, half, Source.memory(General.R8, Constant.HALF_BIAS.place()));
        }
        code.put(VectorOp.VMULPS, to, to, spare);
    }

    /** Moves a bit of each byte to bit 4. */
    public void upperBit(int to, int from, int bit) {
        and(to, shifted(to, from, bit, 4), Constant.SIXTEENS);
    }

    /**
     * Moves bit {@code bit} to another bit; neighbouring bits are moved too.
     *
     * @return the register that has the result: {@code from} if there is nothing to move, else {@code to}
     */
    private int shifted(int to, int from, int bit, int other) {
        if (bit == other) {
            return from;
        }
        VectorOp op = bit < other ? VectorOp.VPSLLD : VectorOp.VPSRLD;
        code.put(op, isa.bits(), to, 0, Source.register(from), Math.abs(other - bit));
        return to;
    }

    /** to = from, its doublewords shifted down. */
    public void shiftRight(int to, int from, int bits) {
        code.put(VectorOp.VPSRLD, isa.bits(), to, 0, Source.register(from), bits);
    }

    /** to = one or other. */
    public void or(int to, int one, int other) {
        code.put(VectorOp.VPOR, to, one, other);
    }

    /** to = from. */
    public void copy(int to, int from) {
        code.put(VectorOp.VMOVUPS, to, Source.register(from));
    }

    /** to = a float with the other sign. */
    public void negate(int to, int from) {
        code.put(VectorOp.VPXOR, to, from, Source.memory(General.R8, Constant.SIGNS.place()));
    }

    /** to = nibble {@code index} of each doubleword, from 0 for the lowest to 7, as f32. */
    public void nibble(int to, int from, int index) {
        int shifted = shifted(to, from, 4 * index, 0);
        if (index < BITS / 4 - 1) {
            and(to, shifted, Constant.FOUR_BITS);
        }
        code.put(VectorOp.VCVTDQ2PS, to, Source.register(to));
    }

    /** to = byte {@code index} of each doubleword, without sign, as f32. */
    public void unsignedByte(int to, int from, int index) {
        byteOf(to, from, index, VectorOp.VPSRLD);
    }

    /** to = byte {@code index} of each doubleword, with sign, as f32. */
    public void signedByte(int to, int from, int index) {
        byteOf(to, from, index, VectorOp.VPSRAD);
    }

    private void byteOf(int to, int from, int index, VectorOp shiftDown) {
        int top = shifted(to, from, 8 * index, BITS - 8);
        code.put(shiftDown, isa.bits(), to, 0, Source.register(top), BITS - 8);
        code.put(VectorOp.VCVTDQ2PS, to, Source.register(to));
    }

    /** to = one times other, in f32. */
    public void multiply(int to, int one, int other) {
        code.put(VectorOp.VMULPS, to, one, other);
    }

    /** Stores numbers that have their sign, else as {@link #store} does. */
    public void storeSigned(int column, int value) {
        if (isa.dotProducts()) {
            code.put(VectorOp.VPSUBB, value, value, Source.memory(General.R8, Constant.SHIFT.place()));
        }
        store(column, value);
    }

    /**
     * Stores numbers, already less the least one; the value is overwritten. The four values of one {@link #numbers},
     * which make a run of 16 columns, are stored one after another.
     *
     * @param column the run's first column in the block, plus {@code 4 i} for the i-th value
     */
    public void store(int column, int value) {
        target.store(column, value);
    }

    /**
     * Stores 32 numbers that are the nibbles of 16 bytes: the low nibble of byte j is that of column j, the high one
     * that of column j + 16. Overwrites one of the type's registers.
     *
     * @param offset offset of the bytes in the block
     * @param column first of the columns in the block
     */
    public void storeNibbles(int offset, int column) {
        int quads = numbers(offset);
        for (int i = 0; i < QUADS; i++) {
            lowNibbles(OWN, quads + i);
            store(column + 4 * i, OWN);
        }
        for (int i = 0; i < QUADS; i++) {
            highNibbles(OWN, quads + i);
            store(column + 16 + 4 * i, OWN);
        }
    }

    /**
     * Stores 32 numbers that the nibbles of 16 bytes look up: the low nibble of byte j that of column j, the high one
     * that of column j + 16. Overwrites two of the type's registers.
     *
     * @param offset offset of the bytes in the block
     * @param column first of the columns in the block
     */
    public void storeLookedUp(int offset, int column) {
        int quads = numbers(offset);
        int number = OWN;
        int nibbles = OWN + 1;
        for (int i = 0; i < QUADS; i++) {
            lowNibbles(nibbles, quads + i);
            lookup(number, nibbles);
            store(column + 4 * i, number);
        }
        for (int i = 0; i < QUADS; i++) {
            highNibbles(nibbles, quads + i);
            lookup(number, nibbles);
            store(column + 16 + 4 * i, number);
        }
    }

    /** Stores the scales of a group of the block. */
    public void storeScale(int group, int value) {
        code.store(value, General.R9, (group * Isa.VECTORS + vector) * isa.bytes());
    }

    /** Stores the offsets of a group of the block. */
    public void storeOffset(int group, int value) {
        int offsets = ByteLayout.offsets(isa) - ByteLayout.scales(isa);
        code.store(value, General.R9, offsets + (group * Isa.VECTORS + vector) * isa.bytes());
    }
}
