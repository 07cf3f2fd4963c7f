package dev.waterspout.engine.forward;

import dev.waterspout.kernels.machine.CFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Zero-filled memory that occupies pages only where it is written. {@link Arena#allocate(long)} writes the zeros, so
 * every page is occupied at once. C's calloc takes large blocks from the kernel, whose new pages are zeros already.
 */
final class UntouchedMemory {
    private static final CFunction CALLOC = CFunction.named("calloc").orElseThrow();
    private static final CFunction FREE = CFunction.named("free").orElseThrow();

    private UntouchedMemory() {}

    /**
     * Allocates zeros.
     *
     * @param bytes 0 or more
     * @param alignment alignment of the first byte, a power of two
     * @param arena frees them when it is closed
     * @throws OutOfMemoryError if the system refuses that many bytes
     */
    @SuppressWarnings("restricted")
    static MemorySegment allocate(long bytes, long alignment, Arena arena) {
        long whole = Math.addExact(bytes, alignment);
        long block = CALLOC.call(whole, 1);
        if (block == 0) {
            throw new OutOfMemoryError("the system has no " + whole + " bytes for its buffers and KV cache");
        }
        long start = -block & (alignment - 1);
        return MemorySegment.ofAddress(block)
                .reinterpret(whole, arena, memory -> FREE.call(memory.address()))
                .asSlice(start, bytes);
    }
}
