package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * Code of the gate of feed-forward networks: {@code gate[i] = gate[i] / (exp(-gate[i]) + 1) * up[i]}, see
 * {@link ExponentialTile}.
 *
 * <p>Arguments: address of the gates, of the constants of {@link ExponentialTile}, of the other factors, the number of
 * vectors of {@value #LANES} elements. The code needs {@link Isa#AVX2} only.
 */
record SwigluTile() {
    /** Elements of a vector. */
    static final int LANES = 8;

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(LANES * Float.SIZE);
        int gate = 5;
        int exponent = 0;
        int power = 1;
        int loop = code.here();
        code.load(gate, General.RDI, 0);
        code.put(VectorOp.VPXOR, exponent, gate, ExponentialTile.Constant.SIGNS.source());
        ExponentialTile.exponential(code);
        code.put(VectorOp.VADDPS, power, power, ExponentialTile.Constant.ONE.source());
        code.put(VectorOp.VDIVPS, gate, gate, power);
        code.put(VectorOp.VMULPS, gate, gate, Source.memory(General.RDX, 0));
        code.store(gate, General.RDI, 0);
        code.add(General.RDI, code.bytes());
        code.add(General.RDX, code.bytes());
        code.loop(General.RCX, loop);
        code.end();
        return code.instructions();
    }
}
