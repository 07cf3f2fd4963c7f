package dev.waterspout.kernels.device.kernels;

/** The device array that describes the beginning of a half layer to {@link ResidualKernels}. */
public final class ResidualShape {
    /** No norm. */
    public static final int NO_NORM = 0;
    /** Divides by the root mean square. */
    public static final int RMS = 1;
    /** Subtracts the mean and divides by the standard deviation. */
    public static final int LAYER_NORM = 2;

    /** Elements of a row. */
    public static final int WIDTH = 0;
    /** Elements from one packet to the next. */
    public static final int PACKET_STRIDE = 1;
    /** Norm of the sum of the packets. */
    public static final int POST = 2;
    /** Weights of a layer of that norm, or 0 where one layer's serve all. */
    public static final int POST_STRIDE = 3;
    /** 1 if the sum is that of the layer before the launch's, else 0. */
    public static final int LAYERS_BEFORE = 4;
    /** Norm of the residual stream. */
    public static final int NORM = 5;
    /** Weights of a layer of that norm, or 0 where one layer's serve all. */
    public static final int NORM_STRIDE = 6;
    /** 1 if that norm has a bias. */
    public static final int BIASED = 7;
    /** 1 if rows are chosen and the residual stream stays as it is, 0 for all rows. */
    public static final int CHOSEN = 8;
    /** Element of the array of rows at which the chosen rows begin, or the tokens. */
    public static final int ROWS_FROM = 9;
    /** Element at which the embedding table begins in its array. */
    public static final int TABLE_FIRST = 10;
    /** Elements of the array. */
    public static final int SIZE = 11;

    /** Index in the array of factors: added to the mean square or the variance of the residual stream. */
    public static final int EPSILON = 0;
    /** Index in the array of factors: the same for the norm of the sum. */
    public static final int POST_EPSILON = 1;
    /** Index in the array of factors: factor of the sum. */
    public static final int SCALE = 2;
    /** Index in the array of factors: factor of the embeddings. */
    public static final int EMBEDDING_SCALE = 3;
    /** Elements of the array of factors. */
    public static final int FACTORS = 4;

    private ResidualShape() {}
}
