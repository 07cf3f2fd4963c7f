package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.QuantBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Scratch memory of one worker, 1 to 3 MB: created once, passed to every call of that worker, never shared by two calls
 * at the same time. Only the constants of a tile survive a call, see {@link #tile}.
 *
 * <p>The data of inner loops is off-heap, aligned to a cache line, and is read by address. The elements of a Java array
 * begin 16 bytes after the array, so every vector of 64 bytes would span two cache lines and cost two loads. The memory
 * is freed with this object, and a kernel keeps the object reachable until it has ended.
 */
public final class HostScratch {
    /** Floats of {@link #zeros()}. */
    private static final int ZEROS = 8 << 10;

    /** Floats of {@link #rows()}. */
    private static final int ROWS = 64 << 10;

    /** Floats of {@link #sums()}, zeros included. */
    private static final int SUMS = ZEROS + (64 << 10);

    /** Floats of {@link #totals()}. */
    private static final int TOTALS = 8 << 10;

    private MemorySegment inputs = MemorySegment.NULL;
    private MemorySegment tile = MemorySegment.NULL;
    private @Nullable Object tileUser;
    private final MemorySegment rows = floats(ROWS);
    private final QuantBlock block = new QuantBlock();
    private final MemorySegment sums = floats(SUMS);
    private final MemorySegment totals = floats(TOTALS);

    private Runnable betweenTiles = () -> {};

    /** Allocates the memory. */
    public HostScratch() {}

    /**
     * Sets the task that the worker runs between two tiles of a product or of attention, such as progress of messages.
     *
     * @param task a short task
     */
    public void betweenTiles(Runnable task) {
        betweenTiles = task;
    }

    /** A tile is done. */
    void tileDone() {
        betweenTiles.run();
    }

    private static MemorySegment floats(long count) {
        return Arena.ofAuto().allocate(Layouts.floats(count), Memory.LINE);
    }

    /**
     * Address of the inputs of a product; of keys and values of attention. The memory grows as needed and is kept.
     *
     * @param floats least size
     */
    long inputs(long floats) {
        if (inputs.byteSize() < Layouts.floats(floats)) {
            inputs = floats(floats);
        }
        return inputs.address();
    }

    /** Address of the expanded weights of a group of rows; of queries of attention. */
    long rows() {
        return rows.address();
    }

    /**
     * Address of vectors of partial sums; of accumulators of attention. Begins with {@link #zeros()} zeros that are
     * never overwritten.
     */
    long sums() {
        return sums.address();
    }

    /**
     * Memory of a tile of weights of micro-kernels: it grows as needed and is kept.
     *
     * @param bytes least size
     * @param user micro-kernels that use it
     * @param prepare writes the user's constants; it is called if the last user was another one
     */
    MemorySegment tile(long bytes, Object user, Consumer<MemorySegment> prepare) {
        if (tile.byteSize() < bytes) {
            tile = Arena.ofAuto().allocate(bytes, Memory.LINE);
            tileUser = null;
        }
        if (!user.equals(tileUser)) {
            prepare.accept(tile);
            tileUser = user;
        }
        return tile;
    }

    /** The buffer that blocks of weights are unpacked in. */
    QuantBlock block() {
        return block;
    }

    static int zeros() {
        return ZEROS;
    }

    /** Address of sums after the lane reduction; of scores of attention. */
    long totals() {
        return totals.address();
    }
}
