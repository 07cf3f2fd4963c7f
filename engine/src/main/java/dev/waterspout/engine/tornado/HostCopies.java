package dev.waterspout.engine.tornado;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Releases the host's memory of arrays that have been copied to a device. TornadoVM refers to such arrays for as long
 * as a plan exists, so their address range stays allocated. On Linux their pages are released, and reads return zeros.
 */
final class HostCopies {
    /** Linux's {@code MADV_DONTNEED}: private pages without a file are zeros when they are next read. */
    private static final int DONT_NEED = 4;

    /** A multiple of every page size in use: 4, 16 and 64 KiB. */
    private static final long PAGES = 64 << 10;

    private static final Optional<MethodHandle> MADVISE = madvise();

    private HostCopies() {}

    @SuppressWarnings("restricted") // the types are those of its manual page
    private static Optional<MethodHandle> madvise() {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("madvise")
                .map(address -> linker.downcallHandle(
                        address,
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_INT)));
    }

    /**
     * Releases the whole pages of an array's elements. What shares a page with its header or another array stays.
     *
     * @param array on a device, and not read on the host any more
     * @return the bytes that were released; 0 where the system has no such call
     */
    static long release(TornadoNativeArray array) {
        MemorySegment elements = array.getSegment();
        long begin = Math.ceilDiv(elements.address(), PAGES) * PAGES;
        long end = (elements.address() + elements.byteSize()) / PAGES * PAGES;
        if (MADVISE.isEmpty() || end <= begin) {
            return 0;
        }
        MemorySegment pages = elements.asSlice(begin - elements.address(), end - begin);
        try {
            int failed = (int) MADVISE.get().invokeExact(pages, end - begin, DONT_NEED);
            return failed == 0 ? end - begin : 0;
        } catch (Throwable impossible) {
            throw new AssertionError("a C function threw", impossible);
        }
    }
}
