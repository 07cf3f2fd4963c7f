package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Memory;
import java.util.List;

/**
 * Code that transposes rows of f32: {@code columns[c][r] = rows[r][c]}, one row per lane of a vector at a time. It
 * prefetches the following rows, because the prefetchers of processors do not recognise reads along several rows at
 * once.
 *
 * <p>Arguments: address of the columns, of the rows, the number of columns divided by 4, the number of rows divided by
 * the lanes. Strides are bytes.
 *
 * @param isa instructions
 * @param rowStride distance from a row to the next
 * @param columnStride distance from a column to the next
 */
record FloatTranspose(Isa isa, int rowStride, int columnStride) {
    /** Columns of a step. */
    static final int STEP = Transpose.BYTES / Float.BYTES;

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(isa.bits());
        int rowLoop = code.here();
        code.move(General.RAX, General.RDI);
        code.move(General.R10, General.RSI);
        code.move(General.R9, General.RDX);
        code.move(General.R11, General.RSI);
        code.add(General.R11, isa.lanes() * rowStride);
        int columnLoop = code.here();
        int next = isa.lanes() * Transpose.BYTES;
        for (int line = 0; line < next; line += (int) Memory.LINE) {
            code.prefetch(General.R11, line);
        }
        code.add(General.R11, next);
        int vectors = Transpose.emit(isa, code, General.R10, 0, rowStride, 0);
        for (int s = 0; s < STEP; s++) {
            code.store(vectors + s, General.RAX, s * columnStride);
        }
        code.add(General.R10, Transpose.BYTES);
        code.add(General.RAX, STEP * columnStride);
        code.loop(General.R9, columnLoop);
        code.add(General.RSI, isa.lanes() * rowStride);
        code.add(General.RDI, isa.bytes());
        code.loop(General.RCX, rowLoop);
        code.end();
        return code.instructions();
    }
}
