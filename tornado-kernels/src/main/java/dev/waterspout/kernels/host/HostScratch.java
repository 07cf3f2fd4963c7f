package dev.waterspout.kernels.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Working memory of one worker, about 400 KB: created once, passed to every call of that worker, never shared by two
 * calls at the same time. Nothing survives a call.
 */
public final class HostScratch {
    /** Expanded weights of a group of rows; queries of attention. */
    private static final long WEIGHTS_BYTES = 128 << 10;

    /** Zeros that tiles start from; read, never written. */
    private static final long ZERO_BYTES = 16 << 10;

    /** Lane sums of a group of rows for all tokens of a tile; accumulators of attention. */
    private static final long SUMS_BYTES = ZERO_BYTES + (256 << 10);

    /** Sums after the lane reduction; scores of attention. */
    private static final long TOTALS_BYTES = 32 << 10;

    private static final long CACHE_LINE = 64;

    private final MemorySegment weights;
    private final MemorySegment sums;
    private final MemorySegment totals;

    /**
     * Allocates the memory.
     *
     * @param arena owner of the memory
     */
    public HostScratch(Arena arena) {
        weights = arena.allocate(WEIGHTS_BYTES, CACHE_LINE);
        sums = arena.allocate(SUMS_BYTES, CACHE_LINE);
        totals = arena.allocate(TOTALS_BYTES, CACHE_LINE);
    }

    MemorySegment weights() {
        return weights;
    }

    /** Begins with {@link #zeroBytes()} zeros that nobody may overwrite. */
    MemorySegment sums() {
        return sums;
    }

    static long zeroBytes() {
        return ZERO_BYTES;
    }

    MemorySegment totals() {
        return totals;
    }
}
