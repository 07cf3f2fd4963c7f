package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * Code that copies the results of a tile, two vectors per token, to where a token's outputs lie.
 *
 * <p>Arguments: address of the first token's outputs, address of the results, bytes from a token's outputs to the next
 * one's, the number of tokens.
 *
 * @param isa instructions
 */
record CopyRows(Isa isa) {
    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(isa.bits());
        int loop = code.here();
        for (int r = 0; r < Isa.VECTORS; r++) {
            code.load(r, General.RSI, r * isa.bytes());
        }
        for (int r = 0; r < Isa.VECTORS; r++) {
            code.store(r, General.RDI, r * isa.bytes());
        }
        code.add(General.RSI, Isa.VECTORS * isa.bytes());
        code.add(General.RDI, General.RDX);
        code.loop(General.RCX, loop);
        code.end();
        return code.instructions();
    }
}
