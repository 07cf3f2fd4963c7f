package dev.waterspout.kernels.host;

/**
 * Working memory of one worker, 1 to 3 MB: created once, passed to every call of that worker, never shared by two calls
 * at the same time. Nothing survives a call.
 *
 * <p>It lies on the heap, unlike all operands, and every inner loop reads from it what it reads more than once. The
 * compiler hoists the checks of an array out of a loop; those of a segment (is it alive, does this thread own it, is
 * the vector within bounds) it repeats at each access, which took a third of the time of a matrix product. The largest
 * tiles would also exceed its limits and run unoptimized.
 */
public final class HostScratch {
    /** Floats of {@link #zeros()}. */
    private static final int ZEROS = 8 << 10;

    /** Floats of {@link #rows()}. */
    private static final int ROWS = 32 << 10;

    /** Floats of {@link #sums()}, zeros included. */
    private static final int SUMS = ZEROS + (64 << 10);

    /** Floats of {@link #totals()}. */
    private static final int TOTALS = 8 << 10;

    private float[] inputs = {};
    private final float[] rows = new float[ROWS];
    private final float[] sums = new float[SUMS];
    private final float[] totals = new float[TOTALS];

    /** Allocates the memory. */
    public HostScratch() {}

    /**
     * Inputs of a product; keys and values of attention. It grows as needed and is kept.
     *
     * @param floats least size
     */
    float[] inputs(int floats) {
        if (inputs.length < floats) {
            inputs = new float[floats];
        }
        return inputs;
    }

    /** Expanded weights of a group of rows; queries of attention. */
    float[] rows() {
        return rows;
    }

    /**
     * Vectors of partial sums; accumulators of attention. Begins with {@link #zeros()} zeros that nobody overwrites.
     */
    float[] sums() {
        return sums;
    }

    static int zeros() {
        return ZEROS;
    }

    /** Sums after the lane reduction; scores of attention. */
    float[] totals() {
        return totals;
    }
}
