package dev.waterspout.kernels.host;

/**
 * The activation function between the two projections of a feed-forward network. With {@code g} an element of the gate
 * and {@code u} the one of the other projection:
 *
 * <pre>
 *   SWIGLU           g / (1 + exp(-g)) * u                                    (Shazeer, arXiv 2002.05202)
 *   GEGLU            gelu(g) * u                                              (the same)
 *   GELU             gelu(g)
 *   SWIGLU_CLAMPED   g' / (1 + exp(-1.702 g')) * (u' + 1)
 *                    where g' = min(g, 7), u' = min(max(u, -7), 7)            (arXiv 2508.10925, section 2)
 *
 *   gelu(x) = x / (1 + exp(-2 sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel, arXiv 1606.08415: tanh)
 * </pre>
 */
public enum GateFunction {
    /** A product with the sigmoid linear unit of the gate. */
    SWIGLU,
    /** A product with the Gaussian error linear unit of the gate. */
    GEGLU,
    /** The Gaussian error linear unit of the one projection that there is. */
    GELU,
    /** SwiGLU of clamped operands, with a steeper sigmoid and an offset. */
    SWIGLU_CLAMPED;

    /** Factor of the first power in the exponent of gelu. */
    public static final float GELU_1 = (float) (-2 * Math.sqrt(2 / Math.PI));

    /** Factor of the third power in the exponent of gelu. */
    public static final float GELU_3 = (float) (-2 * Math.sqrt(2 / Math.PI) * 0.044715);

    /** The bound that {@link #SWIGLU_CLAMPED} clamps its operands to. */
    public static final float LIMIT = 7;

    /** Slope of the sigmoid of {@link #SWIGLU_CLAMPED}. */
    public static final float SLOPE = 1.702f;

    /** Returns whether there are two projections to multiply. */
    public boolean isGated() {
        return this != GELU;
    }
}
