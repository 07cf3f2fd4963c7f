package dev.waterspout.kernels.machine;

import java.util.ArrayList;
import java.util.List;

/** Collects the instructions of one function; all its vectors have the same number of bits unless said. */
final class Assembler {
    private final List<Instruction> instructions = new ArrayList<>();
    private final int bits;

    /**
     * Begins a function.
     *
     * @param bits bits of its vectors: 256 or 512
     */
    Assembler(int bits) {
        this.bits = bits;
    }

    int bits() {
        return bits;
    }

    /** {@return the bytes of a vector} */
    int bytes() {
        return bits / Byte.SIZE;
    }

    /** {@return the instructions collected so far} */
    List<Instruction> instructions() {
        return List.copyOf(instructions);
    }

    /** to = op(source). */
    void put(VectorOp op, int to, Source source) {
        put(op, bits, to, 0, source, 0);
    }

    /** to = op(first, source). */
    void put(VectorOp op, int to, int first, Source source) {
        put(op, bits, to, first, source, 0);
    }

    /** to = op(first, second). */
    void put(VectorOp op, int to, int first, int second) {
        put(op, bits, to, first, Source.register(second), 0);
    }

    /** An instruction with everything that it can have. */
    void put(VectorOp op, int width, int to, int first, Source source, int immediate) {
        instructions.add(new Instruction.Vector(op, width, to, first, source, immediate));
    }

    void load(int to, General base, int displacement) {
        put(VectorOp.VMOVUPS, to, Source.memory(base, displacement));
    }

    void store(int from, General base, int displacement) {
        put(VectorOp.VMOVUPS_STORE, from, Source.memory(base, displacement));
    }

    void zero(int to) {
        put(VectorOp.VPXOR, to, to, to);
    }

    void move(General to, General from) {
        instructions.add(new Instruction.Move(to, from));
    }

    void set(General to, int constant) {
        instructions.add(new Instruction.Constant(to, constant));
    }

    void add(General to, int constant) {
        instructions.add(new Instruction.AddConstant(to, constant));
    }

    void add(General to, General from) {
        instructions.add(new Instruction.Add(to, from));
    }

    void prefetch(General base, int displacement) {
        instructions.add(new Instruction.Prefetch(base, displacement));
    }

    /** {@return the place of the next instruction, as the start of a loop} */
    int here() {
        return instructions.size();
    }

    /** Ends a loop: it runs until the counter is zero. */
    void loop(General counter, int start) {
        instructions.add(new Instruction.DecrementAndJump(counter, start));
    }

    void end() {
        instructions.add(new Instruction.Return());
    }
}
