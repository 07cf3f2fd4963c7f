package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * Code of one operation on a run of f32 elements.
 *
 * <p>Arguments: address of the results, of the elements, of the other operand, of a factor, the number of steps of
 * {@link #elements}. The code needs {@link Isa#AVX2} only.
 *
 * @param operation the operation
 * @param lanes lanes of the sums of {@link Operation#SQUARES}: 4, 8 or 16; elsewhere 8, which changes no result
 */
record ElementTile(Operation operation, int lanes) {
    /** Vectors of the sums of squares. */
    private static final int SUMS = 4;

    private static final int VALUE = 14;
    private static final int FACTOR = 15;

    /** Operations. */
    enum Operation {
        /**
         * The sum of the squares, in the order of the Vector API's kernel: vectors are added to four sums in turn, the
         * four are added in pairs, and of the result the upper half is added to the lower one until one lane is left.
         * The memory of the results has room for twice the lanes. Its first element is the sum.
         */
        SQUARES,
        /** {@code result = element * factor * other}. */
        NORMALIZE,
        /** {@code result = element * factor}. */
        SCALE,
        /** {@code result = element + other}. */
        ADD,
        /** The largest element of each lane: eight results. */
        LARGEST
    }

    /** {@return the number of elements of a step} */
    int elements() {
        return operation == Operation.SQUARES ? SUMS * lanes : lanes;
    }

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(Math.min(256, lanes * Float.SIZE));
        switch (operation) {
            case SQUARES -> squares(code);
            case NORMALIZE, SCALE, ADD -> elementwise(code);
            case LARGEST -> largest(code);
        }
        code.end();
        return code.instructions();
    }

    private void squares(Assembler code) {
        int parts = lanes * Float.BYTES / code.bytes();
        for (int i = 0; i < SUMS * parts; i++) {
            code.zero(i);
        }
        int loop = code.here();
        for (int i = 0; i < SUMS * parts; i++) {
            code.load(VALUE, General.RSI, i * code.bytes());
            code.put(VectorOp.VFMADD231PS, i, VALUE, VALUE);
        }
        code.add(General.RSI, SUMS * parts * code.bytes());
        code.loop(General.R8, loop);
        for (int i = 0; i < parts; i++) {
            code.put(VectorOp.VADDPS, i, i, parts + i);
            code.put(VectorOp.VADDPS, 2 * parts + i, 2 * parts + i, 3 * parts + i);
            code.put(VectorOp.VADDPS, i, i, 2 * parts + i);
        }
        if (parts > 1) {
            code.put(VectorOp.VADDPS, 0, 0, 1);
        }
        for (int half = code.bytes() / 2; half >= Float.BYTES; half /= 2) {
            code.store(0, General.RDI, 0);
            code.put(VectorOp.VADDPS, 0, 0, Source.memory(General.RDI, half));
        }
        code.store(0, General.RDI, 0);
    }

    private void elementwise(Assembler code) {
        if (operation != Operation.ADD) {
            code.put(VectorOp.VBROADCASTSS, FACTOR, Source.memory(General.RCX, 0));
        }
        Source other = Source.memory(General.RDX, 0);
        int loop = code.here();
        code.load(VALUE, General.RSI, 0);
        if (operation == Operation.ADD) {
            code.put(VectorOp.VADDPS, VALUE, VALUE, other);
        } else {
            code.put(VectorOp.VMULPS, VALUE, VALUE, FACTOR);
        }
        if (operation == Operation.NORMALIZE) {
            code.put(VectorOp.VMULPS, VALUE, VALUE, other);
        }
        code.store(VALUE, General.RDI, 0);
        code.add(General.RDI, code.bytes());
        code.add(General.RSI, code.bytes());
        code.add(General.RDX, code.bytes());
        code.loop(General.R8, loop);
    }

    private static void largest(Assembler code) {
        code.load(VALUE, General.RSI, 0);
        int loop = code.here();
        code.put(VectorOp.VMAXPS, VALUE, VALUE, Source.memory(General.RSI, 0));
        code.add(General.RSI, code.bytes());
        code.loop(General.R8, loop);
        code.store(VALUE, General.RDI, 0);
    }
}
