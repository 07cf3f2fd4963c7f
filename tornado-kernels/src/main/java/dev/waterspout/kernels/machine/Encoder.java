package dev.waterspout.kernels.machine;

import java.io.ByteArrayOutputStream;
import java.util.List;

/**
 * Encodes instructions for x86-64. Displacements always take 32 bits, and VEX prefixes three bytes: code is a few KB,
 * and simple rules are easier to prove.
 */
final class Encoder {
    private static final int MOD_REGISTER = 3;
    private static final int MOD_DISPLACEMENT = 2;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private Encoder() {}

    /** {@return the bytes of a function} */
    static byte[] encode(List<Instruction> instructions) {
        Encoder encoder = new Encoder();
        int[] starts = new int[instructions.size()];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = encoder.out.size();
            encoder.put(instructions.get(i), starts);
        }
        return encoder.out.toByteArray();
    }

    private void put(Instruction instruction, int[] starts) {
        switch (instruction) {
            case Instruction.Vector v -> vector(v);
            case Instruction.Move m -> general(m.from().number(), m.to().number(), 0x89);
            case Instruction.Add a -> general(a.from().number(), a.to().number(), 0x01);
            case Instruction.Constant c -> {
                general(0, c.to().number(), 0xC7);
                int32(c.constant());
            }
            case Instruction.AddConstant a -> {
                general(0, a.to().number(), 0x81);
                int32(a.constant());
            }
            case Instruction.DecrementAndJump d -> {
                general(1, d.counter().number(), 0xFF);
                out.write(0x0F);
                out.write(0x85);
                int32(starts[d.target()] - (out.size() + Integer.BYTES));
            }
            case Instruction.Prefetch p -> {
                if (p.base().number() >= 8) {
                    out.write(0x41);
                }
                out.write(0x0F);
                out.write(0x18);
                operand(1, new Source.Address(p.base(), p.displacement(), false));
            }
            case Instruction.Return _ -> {
                out.write(0xC5);
                out.write(0xF8);
                out.write(0x77);
                out.write(0xC3);
            }
        }
    }

    /** An instruction of 64 bits on two general registers. */
    private void general(int register, int target, int opcode) {
        out.write(0x48 | (register >> 3) << 2 | target >> 3);
        out.write(opcode);
        out.write(MOD_REGISTER << 6 | (register & 7) << 3 | (target & 7));
    }

    private void vector(Instruction.Vector v) {
        VectorOp op = v.op();
        boolean shift = op.form() == VectorOp.Form.SHIFT;
        int register = shift ? op.digit() : v.to();
        int first = shift ? v.to() : v.first();
        boolean high = register >= 16 || first >= 16 || (v.source() instanceof Source.Register r && r.number() >= 16);
        if (v.bits() == 512 || high) {
            evex(v, register, first);
        } else {
            vex(v, register, first);
        }
        out.write(op.opcode());
        operand(register, v.source());
        if (op.hasImmediate()) {
            out.write(v.immediate());
        }
    }

    /** Inverted bits of the source's register: bit 0 the fourth bit, bit 1 the fifth. */
    private static int highBits(Source source) {
        return switch (source) {
            case Source.Register r -> ~r.number() >> 3 & 3;
            case Source.Address a -> (~a.base().number() >> 3 & 1) | 2;
        };
    }

    private void vex(Instruction.Vector v, int register, int first) {
        VectorOp op = v.op();
        // Of VEX, W matters for vpermq only among these instructions.
        int wide = op == VectorOp.VPERMQ ? 1 : 0;
        out.write(0xC4);
        out.write((~register >> 3 & 1) << 7 | 1 << 6 | (highBits(v.source()) & 1) << 5 | op.map());
        out.write(wide << 7 | (~first & 15) << 3 | (v.bits() == 256 ? 1 : 0) << 2 | op.prefix());
    }

    private void evex(Instruction.Vector v, int register, int first) {
        VectorOp op = v.op();
        int source = highBits(v.source());
        boolean broadcast = v.source() instanceof Source.Address a && a.broadcast();
        int length = v.bits() == 512 ? 2 : v.bits() == 256 ? 1 : 0;
        out.write(0x62);
        out.write((~register >> 3 & 1) << 7
                | (source >> 1) << 6
                | (source & 1) << 5
                | (~register >> 4 & 1) << 4
                | op.map());
        out.write(op.wide() << 7 | (~first & 15) << 3 | 1 << 2 | op.prefix());
        out.write(length << 5 | (broadcast ? 1 : 0) << 4 | (~first >> 4 & 1) << 3);
    }

    private void operand(int register, Source source) {
        switch (source) {
            case Source.Register r -> out.write(MOD_REGISTER << 6 | (register & 7) << 3 | (r.number() & 7));
            case Source.Address a -> {
                int base = a.base().number() & 7;
                out.write(MOD_DISPLACEMENT << 6 | (register & 7) << 3 | base);
                int32(a.displacement());
            }
        }
    }

    private void int32(int value) {
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            out.write(value >> shift);
        }
    }
}
