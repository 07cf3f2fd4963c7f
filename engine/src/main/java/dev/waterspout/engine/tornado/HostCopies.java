package dev.waterspout.engine.tornado;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Releases the host memory behind arrays that have been copied to a device. TornadoVM refers to such arrays as long as
 * a plan exists, so their address range stays allocated. On Linux the pages are returned to the system, and reads
 * return zeros.
 */
final class HostCopies {
    /**
     * Linux's {@code MADV_DONTNEED}: private anonymous pages are released and read as zeros afterwards (madvise(2)).
     */
    private static final int DONT_NEED = 4;

    /** A multiple of every page size in use: 4, 16 and 64 KiB. */
    private static final long PAGES = 64 << 10;

    private static final Optional<MethodHandle> MADVISE = madvise();

    private HostCopies() {}

    @SuppressWarnings("restricted") // signature from madvise(2)
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
     * Releases the pages that contain only elements of an array. Pages shared with the header or with another array
     * stay.
     *
     * @param array array that is on a device and that the host does not read any more
     * @return the number of released bytes; 0 if the system has no madvise
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
