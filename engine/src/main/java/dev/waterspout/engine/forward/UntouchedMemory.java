package dev.waterspout.engine.forward;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Zero-filled memory that occupies pages only where it is written. {@link Arena#allocate(long)} writes the zeros, so
 * every page is occupied at once. C's calloc takes large blocks from the kernel, whose new pages are zeros already.
 */
final class UntouchedMemory {
    private static final Linker LINKER = Linker.nativeLinker();

    @SuppressWarnings("restricted")
    private static final MethodHandle CALLOC = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("calloc"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

    @SuppressWarnings("restricted")
    private static final MethodHandle FREE = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("free"), FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

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
        MemorySegment block = calloc(whole);
        if (block.address() == 0) {
            throw new OutOfMemoryError("the system has no " + whole + " bytes for the KV cache");
        }
        long start = -block.address() & (alignment - 1);
        return block.reinterpret(whole, arena, UntouchedMemory::free).asSlice(start, bytes);
    }

    private static MemorySegment calloc(long bytes) {
        try {
            return (MemorySegment) CALLOC.invokeExact(bytes, 1L);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }

    private static void free(MemorySegment block) {
        try {
            FREE.invokeExact(block);
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }
}
