package dev.waterspout.kernels.codec;

/** Where an element goes that lies exactly between two codes. Anything else goes to the nearer one. */
public enum Rounding {
    /** To the even significand: with no mantissa bits 1.5 goes to 2 and 0.5 to 0. */
    EVEN(0),
    /** Away from zero. */
    AWAY(1);

    private final int wireCode;

    Rounding(int wireCode) {
        this.wireCode = wireCode;
    }

    /** {@return the rounding's number in a format id} */
    int wireCode() {
        return wireCode;
    }
}
