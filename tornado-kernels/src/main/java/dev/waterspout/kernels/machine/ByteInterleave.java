package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * Code that moves the numbers of a panel of rows, each 256 bytes with sign, into a tile, see {@link ByteLayout}.
 *
 * <p>Arguments: address of the tile, address of the panel, the number of runs of 16 columns.
 *
 * @param isa instructions
 */
record ByteInterleave(Isa isa) {
    private static final int SHIFT = 8;

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(isa.bits());
        code.load(SHIFT, General.RDI, ByteLayout.Constant.SHIFT.place());
        int loop = code.here();
        for (int r = 0; r < Isa.VECTORS; r++) {
            int first = r * isa.lanes() * ByteLayout.CHUNK;
            int vectors = Transpose.emit(isa, code, General.RSI, first, ByteLayout.CHUNK, 0);
            for (int s = 0; s < Transpose.STEPS; s++) {
                code.put(VectorOp.VPSUBB, vectors + s, vectors + s, SHIFT);
                code.store(vectors + s, General.RDI, ByteLayout.NUMBERS + (s * Isa.VECTORS + r) * isa.bytes());
            }
        }
        code.add(General.RDI, Transpose.STEPS * Isa.VECTORS * isa.bytes());
        code.add(General.RSI, Transpose.BYTES);
        code.loop(General.RDX, loop);
        code.end();
        return code.instructions();
    }
}
