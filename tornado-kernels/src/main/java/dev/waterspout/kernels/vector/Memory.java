package dev.waterspout.kernels.vector;

import java.lang.foreign.MemorySegment;

/**
 * All of this process's memory, for inner loops that read and write by address.
 *
 * <p>An access to a segment checks that it is alive, that this thread may use it, and that the bytes are within it,
 * each time: nearly half of the instructions of a product with one token. This segment is a constant that always lives,
 * and where the compiler knows that an offset is the sum of something within {@link #MASK} and a small number, the
 * check of its bounds goes, too. What makes this safe: the views of weights and of the cache have checked that all they
 * name lies inside their memory, the kernels check their arguments against those, {@link #address} that the memory is
 * alive, and whoever owns it ends it after the last call.
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

    /** Bytes of a line of the cache: no vector that is aligned to its size lies in two. */
    public static final long LINE = 64;

    private Memory() {}

    @SuppressWarnings("restricted") // see above
    private static MemorySegment all() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /**
     * Returns the address of a segment after a look at it: it fails if the memory has been freed or is another
     * thread's.
     *
     * @param data off-heap, not empty
     * @throws IllegalArgumentException if it lies on the heap
     */
    public static long address(MemorySegment data) {
        if (!data.isNative()) {
            throw new IllegalArgumentException("an operand lies on the heap; the kernels read and write off-heap");
        }
        data.get(Layouts.I8, 0);
        return data.address();
    }

    /**
     * Returns the address of a segment that is to be written to, after the same look.
     *
     * @throws IllegalArgumentException if it lies on the heap or is read-only
     */
    public static long target(MemorySegment data) {
        if (data.isReadOnly()) {
            throw new IllegalArgumentException("an output is read-only; the kernels write to memory that is not");
        }
        return address(data);
    }
}
