package dev.waterspout.kernels.vector;

import java.lang.foreign.MemorySegment;

/**
 * All of this process's memory, for inner loops that read and write by address.
 *
 * <p>An access to a segment checks that it is alive, that this thread may use it, and that the bytes are within it,
 * each time: nearly half of the instructions of a product with one token. This segment is a constant that always lives,
 * and where the compiler knows that an offset is the sum of something within {@link #MASK} and a small number, the
 * bounds check is removed, too. Safety is based on four conditions: the views of weights and of the cache have checked
 * that all their offsets are inside their memory; kernels check their arguments against the views; {@link #address}
 * checks that the memory is alive; and its owner frees it after the last call.
 */
public final class Memory {
    public static final MemorySegment ALL = all();

    /** Every address that a process can have: one that has passed through it is known not to be negative or huge. */
    public static final long MASK = (1L << 56) - 1;

    /**
     * A loop's index that has passed through it is known not to be negative from the start. Later the compiler finds
     * that out by itself and drops the operation, but by then it would have cut the loop in two around the checks of
     * bounds.
     */
    public static final int INDEX = Integer.MAX_VALUE;

    /** Bytes of a cache line; a vector aligned to its size never spans two lines. */
    public static final long LINE = 64;

    private Memory() {}

    @SuppressWarnings("restricted") // see above
    private static MemorySegment all() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /**
     * Returns the address of a segment, after a check that the memory has not been freed and does not belong to another
     * thread.
     *
     * @param data off-heap, not empty
     * @throws IllegalArgumentException if it is on the heap
     */
    public static long address(MemorySegment data) {
        if (!data.isNative()) {
            throw new IllegalArgumentException("an operand is on the heap; the kernels read and write off-heap");
        }
        data.get(Layouts.I8, 0);
        return data.address();
    }

    /**
     * Returns the address of a writable segment, after the same check.
     *
     * @throws IllegalArgumentException if it is on the heap or read-only
     */
    public static long target(MemorySegment data) {
        if (data.isReadOnly()) {
            throw new IllegalArgumentException("an output is read-only; the kernels write to memory that is not");
        }
        return address(data);
    }
}
