package dev.waterspout.kernels.device.kernels;

/**
 * The device array that describes a product to {@link LinearPanelKernels}. TornadoVM writes numbers that are passed as
 * arguments into a kernel's source. With these numbers in an array, all products of a tensor type have the same source,
 * and an OpenCL driver that stores compiled programs compiles it once.
 */
public final class ProductShape {
    /** Outputs of a token: the rows of the matrix, or of each of its parts. */
    public static final int ROWS = 0;
    /** Columns of the matrix. */
    public static final int COLUMNS = 1;
    /** Index in {@link Step} of the word at which the layer's matrix begins. */
    public static final int START_INDEX = 2;
    /** Elements of the bias from one layer to the next, 0 for no bias. */
    public static final int BIAS_STRIDE = 3;
    /** Elements of the array. */
    public static final int SIZE = 4;

    private ProductShape() {}
}
