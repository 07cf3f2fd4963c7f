package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.utils.QuantizationUtils;

/**
 * The arithmetic of products with inputs of 8 bits.
 *
 * <p>TornadoVM turns a float product that is added to a float into one fused multiply-add. Java does not. So kernels on
 * the emulator call {@link Math#fma}, which TornadoVM does not compile. It replaces the flag by its value, and removes
 * the call before it reads the called method. The same holds for {@code dp4a}.
 */
public final class ByteMath {
    private static final boolean EMULATED = !FloatArray.class.getModule().isNamed();

    private static final boolean DP4A = isForCuda();

    /** Smaller magnitudes count as zero: quotients of larger ones are finite. */
    private static final float SMALLEST = 0x1p-100f;

    /** The largest rounded magnitude. */
    private static final float LARGEST = 127f;

    private ByteMath() {}

    /**
     * Initializes this class, before a task is added that uses it: TornadoVM folds flags of initialized classes only.
     */
    public static void prepare() {
        // The flags are computed before a method of their class is called.
    }

    /**
     * {@return whether kernels use {@code dp4a}, which multiplies four bytes at a time: where CUDA is TornadoVM's
     * default backend} TornadoVM analyses kernels for that one. OpenCL does not have the instruction.
     */
    private static boolean isForCuda() {
        return TornadoRuntimeProvider.getTornadoRuntime().getBackendType(0) == TornadoVMBackendType.CUDA;
    }

    /** {@return {@code a * b + c}, rounded once} */
    static float addProduct(float a, float b, float c) {
        if (EMULATED) {
            return addProductByJava(a, b, c);
        }
        return a * b + c;
    }

    /**
     * {@return a sum and the products of two times four signed bytes}
     *
     * @param a four bytes
     * @param b four bytes
     * @param sum what the products are added to
     */
    static int addFour(int a, int b, int sum) {
        if (DP4A) {
            return addFourByCuda(a, b, sum);
        }
        return sum
                + ((a << 24) >> 24) * ((b << 24) >> 24)
                + ((a << 16) >> 24) * ((b << 16) >> 24)
                + ((a << 8) >> 24) * ((b << 8) >> 24)
                + (a >> 24) * (b >> 24);
    }

    /** TornadoVM reads called methods after it has removed the branches that are not taken. */
    private static float addProductByJava(float a, float b, float c) {
        return Math.fma(a, b, c);
    }

    /** TornadoVM reads called methods after it has removed the branches that are not taken. */
    private static int addFourByCuda(int a, int b, int sum) {
        return QuantizationUtils.dp4a_packed(a, b, sum);
    }

    /**
     * {@return the inverse of the scale of a block of inputs; 0 if all count as zero}
     *
     * @param largest the largest magnitude
     */
    static float inverse(float largest) {
        float inverse = 0f;
        if (!(largest < SMALLEST)) {
            inverse = LARGEST / largest;
        }
        return inverse;
    }

    /**
     * {@return the scale of a block of inputs}
     *
     * @param largest the largest magnitude
     * @param zero a zero; NaN if an input is an infinity or NaN
     */
    static float scale(float largest, float zero) {
        float scale = zero;
        if (!(largest < SMALLEST)) {
            scale = largest / LARGEST + zero;
        }
        return scale;
    }

    /**
     * {@return the magnitude of an input in units of its block's scale, rounded to an integer of at most 127}
     * Ties go to the even one. The magnitude is below 128, so 24 bits behind the point fit into an int. They are exact
     * from 1/2 on. The conversion keeps compilers from fusing the product with a sum, which would round it otherwise.
     *
     * @param input the input
     * @param inverse {@link #inverse} of its block
     */
    static int rounded(float input, float inverse) {
        int fixed = (int) (TornadoMath.abs(input) * inverse * 0x1p24f);
        return (fixed + 0x7FFFFF + ((fixed >> 24) & 1)) >> 24;
    }
}
