package uk.ac.manchester.tornado.api.utils;

/** Arithmetic of 8-bit numbers that a device has instructions for. */
public class QuantizationUtils {
    /** The class holds functions; the real one has this constructor too. */
    public QuantizationUtils() {}

    /**
     * {@return a sum and the products of two times four signed bytes}
     *
     * @param a four bytes
     * @param b four bytes
     * @param c what the products are added to
     */
    public static int dp4a_packed(int a, int b, int c) {
        int sum = c;
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            sum += (byte) (a >> shift) * (byte) (b >> shift);
        }
        return sum;
    }
}
