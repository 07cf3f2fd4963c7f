package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * Measures the largest rate of multiply-adds of bytes in registers, which limits {@link ByteTile}. Without dot products
 * of bytes it runs the step for numbers of 4 bits, which is the fastest.
 */
public final class ByteProbe {
    /** Independent chains of additions: more than latency times number of units. */
    private static final int CHAINS = 12;

    /** Rounds of a call, which takes microseconds. */
    private static final int ROUNDS = 1000;

    private final Isa isa;
    private final MachineCode.Function function;

    ByteProbe(MachineCode machine) {
        isa = machine.isa();
        Isa instructions = isa;
        function = machine.function(this, () -> emit(instructions));
    }

    private static List<Instruction> emit(Isa isa) {
        Assembler code = new Assembler(isa.bits());
        int weights = CHAINS;
        int inputs = CHAINS + 1;
        int product = CHAINS + 2;
        for (int i = 0; i <= inputs; i++) {
            code.zero(i);
        }
        int loop = code.here();
        for (int i = 0; i < CHAINS; i++) {
            if (isa.dotProducts()) {
                code.put(VectorOp.VPDPBUSD, i, weights, inputs);
            } else {
                code.put(VectorOp.VPMADDUBSW, product + i % 2, weights, inputs);
                code.put(VectorOp.VPADDW, i, i, product + i % 2);
            }
        }
        code.loop(General.RDI, loop);
        code.end();
        return code.instructions();
    }

    /** {@return the operations of a call, two per multiply-add} */
    public long operations() {
        return 2L * ROUNDS * CHAINS * isa.bytes();
    }

    /** Does them. */
    public void run() {
        function.call(ROUNDS, 0, 0, 0, 0, 0);
    }
}
