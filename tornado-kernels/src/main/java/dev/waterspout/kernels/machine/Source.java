package dev.waterspout.kernels.machine;

/** The last operand of a vector instruction: a register or memory. */
sealed interface Source {
    /**
     * A vector register.
     *
     * @param number 0 to 31; 16 and above exist with AVX-512 only
     */
    record Register(int number) implements Source {}

    /**
     * Memory at a constant distance from a register.
     *
     * @param base register that holds an address
     * @param displacement added to it, bytes
     * @param broadcast whether one element of 32 bits stands for all lanes; AVX-512 only
     */
    record Address(General base, int displacement, boolean broadcast) implements Source {}

    /** {@return a register as operand} */
    static Source register(int number) {
        return new Register(number);
    }

    /** {@return memory as operand} */
    static Source memory(General base, int displacement) {
        return new Address(base, displacement, false);
    }

    /** {@return one element of memory for all lanes} */
    static Source all(General base, int displacement) {
        return new Address(base, displacement, true);
    }
}
