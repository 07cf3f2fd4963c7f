package dev.waterspout.kernels.weights;

/**
 * The sizes of the blocks of Q8_0 and Q4_0, whose micro-kernels are hand-written. The JIT treats only static finals as
 * constants, and needs constants to unroll a block.
 */
public final class Blocks32 {
    /** Weights of a block. */
    public static final int BLOCK = 32;

    /** Bytes of a block's scale, a half. */
    public static final int SCALE_BYTES = Short.BYTES;

    /** Bytes of a block of Q8_0. */
    public static final int Q8_BYTES = Q80.BYTES;

    /** Bytes of a block of Q4_0. */
    public static final int Q4_BYTES = Q40.BYTES;

    private Blocks32() {}
}
