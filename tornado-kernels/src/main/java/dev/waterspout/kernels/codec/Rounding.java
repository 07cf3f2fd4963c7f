package dev.waterspout.kernels.codec;

/** The rounding of an element exactly between two codes. All other elements are rounded to the nearer code. */
public enum Rounding {
    /** To the even significand: without mantissa bits, 1.5 is rounded to 2 and 0.5 to 0. */
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
