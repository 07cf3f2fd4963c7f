package dev.waterspout.kernels.machine;

/** An instruction of emitted code. */
sealed interface Instruction {
    /**
     * A vector instruction.
     *
     * @param op the operation
     * @param bits bits of its vectors: 128, 256 or 512
     * @param to register of the result; of {@link VectorOp.Form#STORE} the register that is stored
     * @param first register of the first operand, 0 if there is none
     * @param source the last operand
     * @param immediate a constant, 0 if there is none
     */
    record Vector(VectorOp op, int bits, int to, int first, Source source, int immediate) implements Instruction {}

    /** to = from. */
    record Move(General to, General from) implements Instruction {}

    /** to = constant, with its sign. */
    record Constant(General to, int constant) implements Instruction {}

    /** to += constant. */
    record AddConstant(General to, int constant) implements Instruction {}

    /** to += from. */
    record Add(General to, General from) implements Instruction {}

    /** Subtracts one and jumps back unless the result is zero: {@code target} is the index of an instruction. */
    record DecrementAndJump(General counter, int target) implements Instruction {}

    /** Asks for the line of the cache at an address. */
    record Prefetch(General base, int displacement) implements Instruction {}

    /** Ends the function; upper halves of vectors are cleared, as other code expects. */
    record Return() implements Instruction {}
}
