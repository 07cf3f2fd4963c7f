package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Memory;
import java.util.List;

/**
 * A micro-kernel of products of rows of stored floats with few tokens' inputs in f32: weights are expanded in registers
 * while they are read. Sums are those of {@link FloatTile} and {@link LaneTotals}, so that bits are the same.
 *
 * <p>Rows are taken in panels of {@link Isa#lanes}, {@value #QUAD} at a time; meanwhile the next {@value #QUAD} are
 * prefetched.
 *
 * <p>Arguments: address of memory for sums, of the first row, of the first token's inputs, of the first token's
 * results, the number of panels, bytes from a token's results to the next one's.
 *
 * @param isa instructions
 * @param storage encoding of the rows
 * @param lanes lanes of the vectors of partial sums: 4, 8 or 16
 * @param tokens number of tokens, at most {@value #MOST_TOKENS}
 * @param rowStride bytes from a row to the next
 * @param columns number of columns, a multiple of the lanes; tokens' inputs follow each other without gaps
 */
record FloatRows(Isa isa, FloatStorage storage, int lanes, int tokens, int rowStride, int columns) {
    /** The most tokens: the sums of {@value #QUAD} rows, the inputs' vectors and a row's are in 16 registers. */
    static final int MOST_TOKENS = 3;

    /** Rows that are multiplied together. */
    static final int QUAD = 4;

    /** {@return the bytes of the memory for sums} */
    int sumBytes() {
        return tokens * isa.lanes() * vector();
    }

    private int vector() {
        return lanes * Float.BYTES;
    }

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(isa.bits());
        int panelLoop = code.here();
        for (int row = 0; row < isa.lanes(); row += QUAD) {
            multiply(code, row);
        }
        code.move(General.R10, General.RDI);
        code.move(General.RAX, General.RCX);
        LaneTotals totals = new LaneTotals(isa, lanes);
        for (int t = 0; t < tokens; t++) {
            code.store(totals.sum(code, General.R10), General.RAX, 0);
            code.add(General.R10, isa.lanes() * vector());
            code.add(General.RAX, General.R9);
        }
        code.add(General.RCX, isa.bytes());
        code.add(General.RSI, isa.lanes() * rowStride);
        code.loop(General.R8, panelLoop);
        code.end();
        return code.instructions();
    }

    /** Multiplies some rows of a panel. */
    private void multiply(Assembler code, int firstRow) {
        for (int sum = 0; sum < QUAD * tokens; sum++) {
            code.zero(sum);
        }
        int steps = stepsOfLine();
        int storedVector = lanes * storage.bytes();
        code.move(General.RAX, General.RSI);
        code.add(General.RAX, firstRow * rowStride);
        code.move(General.R10, General.RDX);
        code.set(General.R11, columns / lanes / steps);
        int columnLoop = code.here();
        for (int step = 0; step < steps; step++) {
            step(code, step * storedVector, step * vector());
        }
        for (int row = 0; row < QUAD; row++) {
            code.prefetch(General.RAX, (QUAD + row) * rowStride);
        }
        code.add(General.RAX, steps * storedVector);
        code.add(General.R10, steps * vector());
        code.loop(General.R11, columnLoop);
        for (int t = 0; t < tokens; t++) {
            for (int row = 0; row < QUAD; row++) {
                int place = (t * isa.lanes() + firstRow + row) * vector();
                Source memory = Source.memory(General.RDI, place);
                code.put(VectorOp.VMOVUPS_STORE, Byte.SIZE * vector(), t * QUAD + row, 0, memory, 0);
            }
        }
    }

    /** Multiplies one vector of columns. */
    private void step(Assembler code, int stored, int input) {
        int bits = Byte.SIZE * vector();
        int inputs = QUAD * tokens;
        int weights = inputs + tokens;
        for (int t = 0; t < tokens; t++) {
            Source memory = Source.memory(General.R10, t * columns * Float.BYTES + input);
            code.put(VectorOp.VMOVUPS, bits, inputs + t, 0, memory, 0);
        }
        for (int row = 0; row < QUAD; row++) {
            storage.load(code, bits, weights, General.RAX, row * rowStride + stored);
            for (int t = 0; t < tokens; t++) {
                Source source = Source.register(inputs + t);
                code.put(VectorOp.VFMADD231PS, bits, t * QUAD + row, weights, source, 0);
            }
        }
    }

    /** {@return vectors of a round of the loop: those of a line of the cache where columns can be divided so} */
    private int stepsOfLine() {
        int steps = (int) Memory.LINE / (lanes * storage.bytes());
        while (columns / lanes % steps != 0) {
            steps /= 2;
        }
        return steps;
    }
}
