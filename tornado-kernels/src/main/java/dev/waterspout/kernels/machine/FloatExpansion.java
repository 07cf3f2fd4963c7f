package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * Code that expands runs of columns of some rows to f32. While it reads a run it prefetches the same row's next one.
 *
 * <p>Arguments: address of the first row of floats, of the first stored row, bytes from a stored row to the next, the
 * number of rows, the number of vectors of columns.
 *
 * @param storage encoding of the stored rows
 * @param bits bits of a vector of f32: 128, 256 or 512
 * @param targetStride bytes from a row of floats to the next
 * @param ahead bytes from a number that is read to the one that is prefetched
 */
record FloatExpansion(FloatStorage storage, int bits, int targetStride, int ahead) {
    private static final int VALUE = 0;

    /** {@return the floats of a vector} */
    int lanes() {
        return bits / Float.SIZE;
    }

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(bits);
        int rowLoop = code.here();
        code.move(General.RAX, General.RDI);
        code.move(General.R10, General.RSI);
        code.move(General.R11, General.R8);
        int columnLoop = code.here();
        storage.load(code, bits, VALUE, General.R10, 0);
        code.store(VALUE, General.RAX, 0);
        code.prefetch(General.R10, ahead);
        code.add(General.R10, lanes() * storage.bytes());
        code.add(General.RAX, code.bytes());
        code.loop(General.R11, columnLoop);
        code.add(General.RDI, targetStride);
        code.add(General.RSI, General.RDX);
        code.loop(General.RCX, rowLoop);
        code.end();
        return code.instructions();
    }
}
