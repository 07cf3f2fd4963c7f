package dev.waterspout.kernels.machine;

/**
 * Code that transposes 16 bytes of each of a vector's rows into four vectors, of which vector {@code s} has bytes
 * {@code 4 s} to {@code 4 s + 3} of every row, a lane per row.
 */
final class Transpose {
    /** Bytes of a row. */
    static final int BYTES = 16;

    /** The steps that they make. */
    static final int STEPS = BYTES / ByteLayout.STEP;

    private Transpose() {}

    /**
     * Emits the code.
     *
     * @param isa instructions
     * @param code receives it
     * @param base register with the address of the first row's bytes
     * @param displacement added to it
     * @param rowStride bytes from a row to the next
     * @param to first of eight registers that are overwritten
     * @return first of the four registers that have the vectors
     */
    static int emit(Isa isa, Assembler code, General base, int displacement, int rowStride, int to) {
        int raw = to + STEPS;
        // Rows i, i + 4 and so on lie in the quarters of one vector, so that the rest needs no step between quarters.
        load(isa, code, base, displacement, rowStride, raw);
        code.put(VectorOp.VPUNPCKLDQ, to, raw, raw + 1);
        code.put(VectorOp.VPUNPCKLDQ, to + 1, raw + 2, raw + 3);
        code.put(VectorOp.VPUNPCKHDQ, to + 2, raw, raw + 1);
        code.put(VectorOp.VPUNPCKHDQ, to + 3, raw + 2, raw + 3);
        code.put(VectorOp.VPUNPCKLQDQ, raw, to, to + 1);
        code.put(VectorOp.VPUNPCKHQDQ, raw + 1, to, to + 1);
        code.put(VectorOp.VPUNPCKLQDQ, raw + 2, to + 2, to + 3);
        code.put(VectorOp.VPUNPCKHQDQ, raw + 3, to + 2, to + 3);
        return raw;
    }

    /**
     * Emits the loads only: vector {@code i} has 16 bytes of rows {@code i}, {@code i + 4} and so on, each in 128 bits
     * of it.
     *
     * @param isa instructions
     * @param code receives it
     * @param base register with the address of the first row's bytes
     * @param displacement added to it
     * @param rowStride bytes from a row to the next
     * @param to first of the {@value #STEPS} registers
     */
    static void load(Isa isa, Assembler code, General base, int displacement, int rowStride, int to) {
        VectorOp insert = isa.manyRegisters() ? VectorOp.VINSERTI32X4 : VectorOp.VINSERTI128;
        for (int i = 0; i < STEPS; i++) {
            code.put(VectorOp.VMOVUPS, 128, to + i, 0, row(base, displacement, i, rowStride), 0);
            for (int quarter = 1; quarter < isa.lanes() / STEPS; quarter++) {
                Source row = row(base, displacement, i + STEPS * quarter, rowStride);
                code.put(insert, isa.bits(), to + i, to + i, row, quarter);
            }
        }
    }

    private static Source row(General base, int displacement, int row, int stride) {
        return Source.memory(base, displacement + row * stride);
    }
}
