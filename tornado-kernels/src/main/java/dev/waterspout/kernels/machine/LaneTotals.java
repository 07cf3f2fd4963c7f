package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * Code that sums the lanes of vectors in memory, in a fixed order: the upper half is added to the lower one, then the
 * upper quarter, down to one lane.
 *
 * <p>Arguments: address of the totals, of the vectors, the number of groups of {@link Isa#lanes} vectors, the number of
 * tokens, bytes from one token's totals to the next one's, and from one token's vectors to the next one's. Of vectors
 * of 16 lanes the lower halves are overwritten.
 *
 * @param isa instructions
 * @param lanes lanes of a vector: 4, 8 or 16
 */
record LaneTotals(Isa isa, int lanes) {
    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(isa.bits());
        int tokenLoop = code.here();
        code.move(General.RAX, General.RDI);
        code.move(General.R10, General.RSI);
        code.move(General.R11, General.RDX);
        int groupLoop = code.here();
        code.store(sum(code, General.R10), General.RAX, 0);
        code.add(General.R10, isa.lanes() * lanes * Float.BYTES);
        code.add(General.RAX, isa.bytes());
        code.loop(General.R11, groupLoop);
        code.add(General.RDI, General.R8);
        code.add(General.RSI, General.R9);
        code.loop(General.RCX, tokenLoop);
        code.end();
        return code.instructions();
    }

    /**
     * Emits the sums of {@link Isa#lanes} successive vectors. Registers 0 to 15 are overwritten.
     *
     * @param code receives the instructions
     * @param vectors register with the address of the first one
     * @return register of the totals, one in each lane
     */
    int sum(Assembler code, General vectors) {
        int stride = lanes * Float.BYTES;
        int half = 256;
        for (int i = 0; i < isa.lanes() && lanes == 16; i++) {
            code.put(VectorOp.VMOVUPS, half, 0, 0, Source.memory(vectors, i * stride), 0);
            code.put(VectorOp.VADDPS, half, 0, 0, Source.memory(vectors, i * stride + half / Byte.SIZE), 0);
            code.put(VectorOp.VMOVUPS_STORE, half, 0, 0, Source.memory(vectors, i * stride), 0);
        }
        int first = Transpose.emit(isa, code, vectors, 0, stride, 0);
        if (lanes > Transpose.STEPS) {
            int second = Transpose.emit(isa, code, vectors, Transpose.BYTES, stride, 2 * Transpose.STEPS);
            for (int i = 0; i < Transpose.STEPS; i++) {
                code.put(VectorOp.VADDPS, first + i, first + i, second + i);
            }
        }
        code.put(VectorOp.VADDPS, first, first, first + 2);
        code.put(VectorOp.VADDPS, first + 1, first + 1, first + 3);
        code.put(VectorOp.VADDPS, first, first, first + 1);
        return first;
    }

    /**
     * Sums lanes as the code does: the definition.
     *
     * @param values the lanes of a vector, which are overwritten
     * @return their sum
     */
    static float define(float[] values) {
        for (int half = values.length / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                values[i] += values[half + i];
            }
        }
        return values[0];
    }
}
