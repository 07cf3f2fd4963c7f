package dev.waterspout.kernels.vector;

/** IEEE 754 binary16, and the constants of its conversion to binary32. */
public final class Halves {
    /** All binary16 values. A look-up costs the vector units nothing, a conversion and a broadcast four operations. */
    @SuppressWarnings("MutablePublicArray") // read only, in inner loops
    public static final float[] VALUES = new float[1 << Short.SIZE];

    static {
        for (int bits = 0; bits < VALUES.length; bits++) {
            VALUES[bits] = Float.float16ToFloat((short) bits);
        }
    }

    /** A half's sign and, 13 bits further up, its other bits. */
    public static final int BITS = 0x8fffe000;

    /** A half's exponent, 13 bits further up. */
    public static final int EXPONENT = 0x1f << 23;

    public static final int FLOAT_EXPONENT = 0xff << 23;

    /** 2^112: a float's exponents begin at -126, a half's at -14. */
    public static final float UNIT = 0x1p112f;

    private Halves() {}

    /**
     * {@return the half at an address}
     *
     * @param address address of two bytes
     */
    public static float at(long address) {
        return VALUES[Memory.ALL.get(Layouts.I16, address) & 0xffff];
    }
}
