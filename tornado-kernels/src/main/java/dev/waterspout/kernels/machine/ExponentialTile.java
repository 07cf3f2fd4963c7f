package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Exponential;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Code that replaces numbers by {@code exp(x - largest)}, with the bits of {@link Exponential}, and adds up the results
 * of each lane.
 *
 * <p>Arguments: address of the numbers, of the {@link #constants}, of the largest number, of the sums, the number of
 * vectors. The code needs {@link Isa#AVX2} only.
 *
 * @param lanes lanes of a vector: 4, 8 or 16; sums depend on this number, but not on the instructions
 */
record ExponentialTile(int lanes) {
    private static final int MOST_BITS = 256;

    /** A comparison: less, without a signal for NaN. */
    private static final int LESS = 17;

    private static final int FRACTION_BITS = 23;

    /** The constants with their places in memory, each for all lanes. */
    enum Constant {
        LOG2_E(0, Exponential.LOG2_E),
        ROUND(1, Exponential.ROUND),
        LN2_HIGH(2, -Exponential.LN2_HIGH),
        LN2_LOW(3, -Exponential.LN2_LOW),
        HIGHEST(4, Exponential.HIGHEST),
        LOWEST(5, Exponential.LOWEST),
        Q4(6, Exponential.Q4),
        Q3(7, Exponential.Q3),
        Q2(8, Exponential.Q2),
        Q1(9, Exponential.Q1),
        Q0(10, Exponential.Q0),
        ONE(11, 1),
        HALF(12, Float.intBitsToFloat(Exponential.HALF)),
        SIGNS(13, -0f);

        private final int index;
        private final float value;

        Constant(int index, float value) {
            this.index = index;
            this.value = value;
        }

        Source source() {
            return Source.memory(General.RSI, index * MOST_BITS / Byte.SIZE);
        }
    }

    /** {@return memory with the constants} */
    static MemorySegment constants() {
        MemorySegment memory =
                Arena.ofAuto().allocate((long) Constant.values().length * MOST_BITS / Byte.SIZE, Memory.LINE);
        int copies = MOST_BITS / Float.SIZE;
        for (Constant constant : Constant.values()) {
            for (int i = 0; i < copies; i++) {
                memory.setAtIndex(Layouts.F32, (long) constant.index * copies + i, constant.value);
            }
        }
        return memory;
    }

    /** {@return the function} */
    List<Instruction> emit() {
        int bits = Math.min(MOST_BITS, lanes * Float.SIZE);
        int parts = lanes * Float.SIZE / bits;
        Assembler code = new Assembler(bits);
        int sums = 14;
        int largest = 13;
        code.put(VectorOp.VBROADCASTSS, largest, Source.memory(General.RDX, 0));
        for (int part = 0; part < parts; part++) {
            code.zero(sums + part);
        }
        int loop = code.here();
        for (int part = 0; part < parts; part++) {
            code.load(0, General.RDI, part * code.bytes());
            code.put(VectorOp.VSUBPS, 0, 0, largest);
            exponential(code);
            code.store(1, General.RDI, part * code.bytes());
            code.put(VectorOp.VADDPS, sums + part, sums + part, 1);
        }
        code.add(General.RDI, parts * code.bytes());
        code.loop(General.R8, loop);
        for (int part = 0; part < parts; part++) {
            code.store(sums + part, General.RCX, part * code.bytes());
        }
        code.end();
        return code.instructions();
    }

    /** Register 1 = exp(register 0); registers 2 to 4 are overwritten. */
    static void exponential(Assembler code) {
        int x = 1;
        int shifted = 2;
        int n = 3;
        int p = 4;
        code.put(VectorOp.VMOVUPS, x, Constant.HIGHEST.source());
        code.put(VectorOp.VMINPS, x, x, 0);
        code.put(VectorOp.VMOVUPS, shifted, Constant.ROUND.source());
        code.put(VectorOp.VFMADD231PS, shifted, x, Constant.LOG2_E.source());
        code.put(VectorOp.VSUBPS, n, shifted, Constant.ROUND.source());
        code.put(VectorOp.VFMADD231PS, x, n, Constant.LN2_HIGH.source());
        code.put(VectorOp.VFMADD231PS, x, n, Constant.LN2_LOW.source());
        code.put(VectorOp.VMOVUPS, p, Constant.Q4.source());
        for (Constant q : new Constant[] {Constant.Q3, Constant.Q2, Constant.Q1, Constant.Q0}) {
            code.put(VectorOp.VFMADD213PS, p, x, q.source());
        }
        code.put(VectorOp.VMULPS, n, x, x);
        code.put(VectorOp.VFMADD231PS, x, p, n);
        code.put(VectorOp.VADDPS, x, x, Constant.ONE.source());
        code.put(VectorOp.VPSLLD, code.bits(), shifted, 0, Source.register(shifted), FRACTION_BITS);
        code.put(VectorOp.VPADDD, shifted, shifted, Constant.HALF.source());
        code.put(VectorOp.VMULPS, x, x, shifted);
        code.put(VectorOp.VADDPS, x, x, x);
        code.put(VectorOp.VCMPPS, code.bits(), n, 0, Constant.LOWEST.source(), LESS);
        code.put(VectorOp.VPANDN, x, n, x);
    }
}
