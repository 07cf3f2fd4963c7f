package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Code that rounds inputs to 8 bits, a block of 32 at a time: to the nearest multiple of the largest magnitude divided
 * by 127, ties to even. A block whose magnitudes are all below {@value #SMALLEST} counts as zero; one with an infinity
 * or a NaN gives results that are no numbers.
 *
 * <p>Arguments: address of the inputs in f32, of the blocks that {@link ByteLayout} describes, of the
 * {@link #constants}, the number of blocks. The code needs {@link Isa#AVX2} only.
 *
 * @param group columns that share a scale of weights: 16 or 32
 */
record InputRounding(int group) {
    /** Smaller magnitudes count as zero: quotients of larger ones are finite. */
    static final float SMALLEST = 0x1p-100f;

    /** The largest rounded magnitude. */
    static final float LARGEST = 127;

    /** Bytes of the constants. */
    static final int CONSTANTS = 7 * 32;

    private static final int MAGNITUDE = 0;
    private static final int LEAST = 32;
    private static final int MOST = 64;
    private static final int ORDER = 96;
    private static final int ONE_BYTES = 128;
    private static final int ONE_WORDS = 160;
    private static final int SHIFT = 192;

    /** Less, without a signal for NaN. */
    private static final int LESS = 17;

    private static final int PERMUTATION = 8;

    /** Writes the constants: the shift is that of the weights' numbers. */
    static void constants(MemorySegment to, int shift) {
        int[] order = {0, 4, 1, 5, 2, 6, 3, 7};
        for (int i = 0; i < order.length; i++) {
            int at = i * Integer.BYTES;
            to.set(Layouts.I32, MAGNITUDE + at, Integer.MAX_VALUE);
            to.set(Layouts.F32, LEAST + at, SMALLEST);
            to.set(Layouts.F32, MOST + at, LARGEST);
            to.set(Layouts.I32, ORDER + at, order[i]);
            to.set(Layouts.I32, ONE_BYTES + at, 0x01010101);
            to.set(Layouts.I32, ONE_WORDS + at, 0x00010001);
            to.set(Layouts.I32, SHIFT + at, shift);
        }
    }

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(256);
        code.load(PERMUTATION, General.RDX, ORDER);
        int loop = code.here();
        largest(code);
        scales(code);
        numbers(code);
        sums(code);
        code.add(General.RDI, ByteLayout.BLOCK * Float.BYTES);
        code.add(General.RSI, ByteLayout.INPUT_BLOCK);
        code.loop(General.RCX, loop);
        code.end();
        return code.instructions();
    }

    private static Source constant(int place) {
        return Source.memory(General.RDX, place);
    }

    /**
     * Registers 0 to 3: the inputs; all lanes of 4: the largest magnitude. Magnitudes have the order of their bits,
     * NaN above all.
     */
    private static void largest(Assembler code) {
        for (int i = 0; i < 4; i++) {
            code.load(i, General.RDI, i * 32);
        }
        code.put(VectorOp.VPAND, 4, 0, constant(MAGNITUDE));
        for (int i = 1; i < 4; i++) {
            code.put(VectorOp.VPAND, 5, i, constant(MAGNITUDE));
            code.put(VectorOp.VPMAXSD, 4, 4, 5);
        }
        code.put(VectorOp.VEXTRACTI128, 256, 4, 0, Source.register(5), 1);
        code.put(VectorOp.VPMAXSD, 128, 4, 4, Source.register(5), 0);
        for (int swap : new int[] {0x4E, 0xB1}) {
            code.put(VectorOp.VSHUFPS, 128, 5, 4, Source.register(4), swap);
            code.put(VectorOp.VPMAXSD, 128, 4, 4, Source.register(5), 0);
        }
        code.put(VectorOp.VBROADCASTSS, 4, Source.register(4));
    }

    /** Register 6: the scale; 7: its inverse. */
    private static void scales(Assembler code) {
        code.put(VectorOp.VCMPPS, 256, 5, 4, constant(LEAST), LESS);
        code.put(VectorOp.VDIVPS, 6, 4, constant(MOST));
        code.load(7, General.RDX, MOST);
        code.put(VectorOp.VDIVPS, 7, 7, 4);
        code.put(VectorOp.VPANDN, 6, 5, 6);
        code.put(VectorOp.VPANDN, 7, 5, 7);
        storeLow(code, 6, ByteLayout.INPUT_SCALES);
        storeLow(code, 6, ByteLayout.INPUT_SCALES + Float.BYTES);
    }

    /** Register 0: the rounded inputs. */
    private static void numbers(Assembler code) {
        for (int i = 0; i < 4; i++) {
            code.put(VectorOp.VMULPS, i, i, 7);
            code.put(VectorOp.VCVTPS2DQ, i, Source.register(i));
        }
        code.put(VectorOp.VPACKSSDW, 0, 0, 1);
        code.put(VectorOp.VPACKSSDW, 2, 2, 3);
        code.put(VectorOp.VPACKSSWB, 0, 0, 2);
        code.put(VectorOp.VPERMD, 0, PERMUTATION, 0);
        code.store(0, General.RSI, 0);
    }

    /** Of each group the sum of the rounded inputs: times the shift, and times the scale. */
    private void sums(Assembler code) {
        code.load(1, General.RDX, ONE_BYTES);
        code.put(VectorOp.VPMADDUBSW, 1, 1, 0);
        code.put(VectorOp.VPMADDWD, 1, 1, constant(ONE_WORDS));
        code.put(VectorOp.VPHADDD, 1, 1, 1);
        code.put(VectorOp.VPHADDD, 1, 1, 1);
        if (group == ByteLayout.BLOCK) {
            code.put(VectorOp.VEXTRACTI128, 256, 1, 0, Source.register(2), 1);
            code.put(VectorOp.VPADDD, 128, 1, 1, Source.register(2), 0);
        }
        code.put(VectorOp.VCVTDQ2PS, 2, Source.register(1));
        code.put(VectorOp.VMULPS, 2, 2, 6);
        code.put(VectorOp.VPMULLD, 3, 1, constant(SHIFT));
        storeLow(code, 3, ByteLayout.INPUT_STARTS);
        storeLow(code, 2, ByteLayout.INPUT_SUMS);
        if (group < ByteLayout.BLOCK) {
            code.put(VectorOp.VEXTRACTI128, 256, 3, 0, Source.register(3), 1);
            code.put(VectorOp.VEXTRACTI128, 256, 2, 0, Source.register(2), 1);
            storeLow(code, 3, ByteLayout.INPUT_STARTS + Integer.BYTES);
            storeLow(code, 2, ByteLayout.INPUT_SUMS + Float.BYTES);
        }
    }

    private static void storeLow(Assembler code, int register, int place) {
        code.put(VectorOp.VMOVSS_STORE, 128, register, 0, Source.memory(General.RSI, place), 0);
    }
}
