package dev.waterspout.kernels.host;

/**
 * Working memory of one worker, about 450 KB: created once, passed to every call of that worker, never shared by two
 * calls at the same time. Nothing survives a call.
 *
 * <p>It lies on the heap, unlike all operands: accesses to arrays cost the compiler a fraction of what accesses to
 * segments cost, and the largest tiles would otherwise exceed its limits and run unoptimized.
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

    private final float[] rows = new float[ROWS];
    private final float[] sums = new float[SUMS];
    private final float[] totals = new float[TOTALS];

    /** Allocates the memory. */
    public HostScratch() {}

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
