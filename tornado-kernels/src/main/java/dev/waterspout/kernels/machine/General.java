package dev.waterspout.kernels.machine;

/** The general-purpose registers that a function may overwrite under the calling convention of Linux (System V). */
enum General {
    RAX(0),
    RCX(1),
    RDX(2),
    RSI(6),
    RDI(7),
    R8(8),
    R9(9),
    R10(10),
    R11(11);

    private final int number;

    General(int number) {
        this.number = number;
    }

    /** {@return the number that instructions have for the register} */
    int number() {
        return number;
    }
}
