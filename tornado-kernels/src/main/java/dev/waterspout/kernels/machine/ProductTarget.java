package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.machine.ByteLayout.Constant;

/**
 * Numbers are multiplied with inputs at once: a vector has 16 columns of some rows, one of them per 128 bits. Products
 * of a run of 16 columns are in registers 0 to 3, and become sums with a lane per row.
 *
 * <p>Products of two bytes are added to words and stay words while they cannot overflow. An exact sum of a group is
 * added to the results as soon as all groups before it have been: until then it waits in the place of the tile's
 * numbers. Additions to results wait for each other, so they are spread over the block.
 */
final class ProductTarget implements BlockTarget {
    /** Register of the results. */
    static final int RESULT = 15;

    /** Inputs of a run; overwritten once all of it has been multiplied. */
    private static final int INPUT = 14;

    /** Magnitudes, or products that are added to others. */
    private static final int SPARE = 13;

    /** Columns of a run. */
    private static final int RUN = Transpose.BYTES;

    private static final int NONE = -1;

    private final Isa isa;
    private final BlockReader block;
    private final Quants quants;
    private final int rowStride;
    private final Assembler code;
    private final RowPrefetch prefetch;

    /** Words that can be added before they overflow, of products of two bytes each; 0 for none. */
    private final int room;

    /** Runs of each group that have been multiplied. */
    private final int[] done;

    /** Groups, the first ones, that have been added to the results. */
    private int added;

    /** The last run whose products are in registers, or none. */
    private int run = NONE;

    /** Runs whose products are in registers. */
    private int runs;

    ProductTarget(RowProducts shape, Assembler code, RowPrefetch prefetch) {
        isa = shape.isa();
        block = shape.block();
        quants = shape.quants();
        rowStride = shape.rowStride();
        this.code = code;
        this.prefetch = prefetch;
        int most = quants.width() == Quants.Width.BYTES ? -Byte.MIN_VALUE : quants.most() - quants.least();
        int words = Short.MAX_VALUE / (2 * most * (int) InputRounding.LARGEST);
        room = isa.dotProducts() || words < quants.group() / RUN ? 0 : words;
        done = new int[block.blockElements() / quants.group()];
    }

    @Override
    public int load(int displacement) {
        prefetch.some();
        int to = Transpose.STEPS;
        Transpose.load(isa, code, General.RSI, displacement, rowStride, to);
        return to;
    }

    @Override
    public void overwrite() {
        reduce();
    }

    @Override
    public void store(int column, int value) {
        int part = column % RUN / ByteLayout.STEP;
        if (part == 0) {
            begin(column / RUN);
        }
        multiply(part, value);
        if (part == BlockCode.QUADS - 1 && (run + 1) * RUN % quants.group() == 0) {
            reduce();
        }
    }

    private void begin(int next) {
        if (run != next - 1) {
            reduce();
        }
        run = next;
        runs++;
        int perBlock = ByteLayout.BLOCK / RUN;
        VectorOp broadcast = isa.manyRegisters() ? VectorOp.VBROADCASTI32X4 : VectorOp.VBROADCASTI128;
        int at = run / perBlock * ByteLayout.INPUT_BLOCK + run % perBlock * RUN;
        code.put(broadcast, INPUT, Source.memory(General.R10, at));
    }

    private void multiply(int part, int value) {
        if (isa.dotProducts()) {
            if (runs == 1) {
                code.zero(part);
            }
            code.put(VectorOp.VPDPBUSD, part, value, INPUT);
            return;
        }
        int product = runs == 1 ? part : SPARE;
        if (quants.width() == Quants.Width.BYTES) {
            code.put(VectorOp.VPABSB, product, Source.register(value));
            code.put(VectorOp.VPSIGNB, value, INPUT, value);
            code.put(VectorOp.VPMADDUBSW, product, product, value);
        } else {
            code.put(VectorOp.VPMADDUBSW, product, value, INPUT);
        }
        if (room == 0) {
            widen(product);
        }
        if (runs > 1) {
            code.put(room == 0 ? VectorOp.VPADDD : VectorOp.VPADDW, part, part, product);
        }
    }

    /** Adds pairs of words. */
    private void widen(int register) {
        code.put(VectorOp.VPMADDWD, register, register, constant(Constant.ONES));
    }

    /** Adds the products in registers, a lane per row, to the sum of their group. */
    private void reduce() {
        if (run == NONE) {
            return;
        }
        int words = room == 0 ? 0 : runs;
        words = fold(new int[] {0, 1, 2, 3}, words, true);
        words = fold(new int[] {0, 2}, words, false);
        if (words > 0) {
            widen(0);
        }
        int group = run * RUN / quants.group();
        if (done[group] > 0) {
            code.put(VectorOp.VPADDD, 0, 0, sum(group));
        }
        done[group] += runs;
        run = NONE;
        runs = 0;
        if (group == added && isDone(group)) {
            add(Source.register(0));
        } else {
            code.store(0, General.R8, ByteLayout.NUMBERS + group * isa.bytes());
        }
        while (added < done.length && isDone(added)) {
            add(sum(added));
        }
    }

    private boolean isDone(int group) {
        return done[group] * RUN == quants.group();
    }

    private Source sum(int group) {
        return Source.memory(General.R8, ByteLayout.NUMBERS + group * isa.bytes());
    }

    /**
     * Adds the halves of pairs of registers, which leaves the second register of each pair empty.
     *
     * @param words number of products summed in a word; 0 if registers have doublewords
     * @param quads whether lanes of a row are four neighbours, not two
     * @return the number of products summed in a word afterwards
     */
    private int fold(int[] registers, int words, boolean quads) {
        boolean wide = 2 * words > room;
        for (int register : registers) {
            if (words > 0 && wide) {
                widen(register);
            }
        }
        boolean addWords = words > 0 && !wide;
        for (int i = 0; i < registers.length; i += 2) {
            int one = registers[i];
            int other = registers[i + 1];
            if (quads) {
                code.put(VectorOp.VPUNPCKHQDQ, INPUT, one, other);
                code.put(VectorOp.VPUNPCKLQDQ, one, one, other);
            } else {
                code.put(VectorOp.VSHUFPS, isa.bits(), INPUT, one, Source.register(other), 0xDD);
                code.put(VectorOp.VSHUFPS, isa.bits(), one, one, Source.register(other), 0x88);
            }
            code.put(addWords ? VectorOp.VPADDW : VectorOp.VPADDD, one, one, INPUT);
        }
        return addWords ? 2 * words : 0;
    }

    /** Ends the block. */
    void end() {
        reduce();
    }

    /** Adds the exact sum of the next group to the results. */
    private void add(Source sum) {
        int product = 1;
        int group = added++;
        if (quants.shift(isa) == 0) {
            code.put(VectorOp.VCVTDQ2PS, 0, sum);
        } else {
            code.put(VectorOp.VPBROADCASTD, product, input(group, ByteLayout.INPUT_STARTS));
            code.put(VectorOp.VPADDD, 0, product, sum);
            code.put(VectorOp.VCVTDQ2PS, 0, Source.register(0));
        }
        code.put(VectorOp.VBROADCASTSS, product, input(group, ByteLayout.INPUT_SCALES));
        int at = group * Isa.VECTORS * isa.bytes();
        code.put(VectorOp.VMULPS, product, product, Source.memory(General.R9, at));
        code.put(VectorOp.VFMADD231PS, RESULT, 0, product);
        if (quants.hasOffsets()) {
            int offsets = ByteLayout.offsets(isa) - ByteLayout.scales(isa);
            code.put(VectorOp.VBROADCASTSS, product, input(group, ByteLayout.INPUT_SUMS));
            code.put(VectorOp.VFMADD231PS, RESULT, product, Source.memory(General.R9, offsets + at));
        }
    }

    private static Source constant(Constant constant) {
        return Source.memory(General.R8, constant.place());
    }

    private Source input(int group, int place) {
        int column = group * quants.group();
        int at = column / ByteLayout.BLOCK * ByteLayout.INPUT_BLOCK + place;
        return Source.memory(General.R10, at + column % ByteLayout.BLOCK / RUN * Integer.BYTES);
    }

    @Override
    public void fifthBits(int to, int from, int column) {
        // For each row, broadcast the byte with the bit to all 16 bytes, then mask the bit.
        int part = column % RUN / ByteLayout.STEP;
        code.put(VectorOp.VSHUFPS, isa.bits(), to, from, Source.register(from), part * 0x55);
        code.put(VectorOp.VPSHUFB, to, to, constant(column < RUN ? Constant.LOWER_BITS : Constant.UPPER_BITS));
        code.put(VectorOp.VPAND, to, to, constant(Constant.BIT_OF_BYTE));
        code.put(VectorOp.VPMINUB, to, to, constant(Constant.BYTE_ONES));
        code.put(VectorOp.VPSLLD, isa.bits(), to, 0, Source.register(to), 4);
    }
}
