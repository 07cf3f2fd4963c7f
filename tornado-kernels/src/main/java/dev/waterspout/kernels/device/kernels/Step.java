package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The scalars of one launch, in a small device array. They are all values that change between layers, chunks and
 * tokens, so that one compiled graph serves them all.
 *
 * <pre>
 *   index    0      1        2         3         4          5          6 to 13
 *        +-------+------+----------+--------+---------+------------+---------------+
 *        | layer | rows | out rows | window | packets | own packet | matrix starts |
 *        +-------+------+----------+--------+---------+------------+---------------+
 * </pre>
 *
 * Out rows are the rows whose logits are computed. The window is the number of the latest positions that a token
 * attends to, 0 for all. Packets are those that a half layer sums and adds when it begins; the number of this rank's
 * own is that of its rank, or any other if it lies among the others. Each product with weights has one matrix start,
 * in the order of the graph's tasks: the element of the weights' array at which the layer's matrix begins.
 */
public final class Step {
    /** Index of the layer. */
    public static final int LAYER = 0;
    /** Index of the number of tokens in the chunk. */
    public static final int ROWS = 1;
    /** Index of the number of rows whose logits are computed. */
    public static final int OUT_ROWS = 2;
    /** Index of the number of the latest positions that a token attends to, 0 for all. */
    public static final int WINDOW = 3;
    /** Index of the number of packets that a half layer adds to the residual stream when it begins. */
    public static final int PACKETS = 4;
    /** Index of the number of this rank's packet, if that is in an array of its own; else any that there is not. */
    public static final int OWN_PACKET = 5;
    /**
     * Index of the element at which the layer's matrix begins in the array of the graph's first product with weights.
     */
    public static final int MATRIX_START = 6;
    /** Largest number of products with weights in one graph. */
    public static final int MATRICES = 8;
    /** Elements of the array. */
    public static final int SIZE = MATRIX_START + MATRICES;

    private Step() {}

    /** {@return a new array of zeros} */
    public static IntArray allocate() {
        IntArray step = new IntArray(SIZE);
        step.init(0);
        return step;
    }
}
