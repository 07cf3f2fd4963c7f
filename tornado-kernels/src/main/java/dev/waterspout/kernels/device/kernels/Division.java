package dev.waterspout.kernels.device.kernels;

/** Integer division in kernels, for divisors that are no constants of the compiled kernel. */
final class Division {
    private Division() {}

    /**
     * {@return {@code value / divisor}} TornadoVM's compiler sees that the divisor is not 0. It would check any other
     * one, and the check refers to the kernel's context, which is no valid parameter in SPIR-V.
     *
     * @param value not negative
     * @param divisor from 1 to 2^24
     */
    static int quotient(int value, int divisor) {
        return value / (((divisor - 1) & 0xFFFFFF) + 1);
    }
}
