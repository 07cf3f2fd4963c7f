package uk.ac.manchester.tornado.api.types.arrays;

import dev.waterspout.emulator.kernel.ArrayAccess;
import dev.waterspout.emulator.kernel.ArrayViews;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An off-heap array that kernels can use.
 *
 * <pre>
 *   byte 0        4             16
 *   +-------------+-------------+----------------------------
 *   | count, int  | unused      | elements, native byte order
 *   +-------------+-------------+----------------------------
 * </pre>
 *
 * <p>A kernel is not given the array itself but a view of its copy on the device, which checks every access.
 */
public abstract class TornadoNativeArray {
    /** Bytes of the header. Computed, for the real value depends on the JVM: no caller may have it inlined. */
    public static final long ARRAY_HEADER = Long.parseLong("16");

    private static final long ALIGNMENT = 64;

    static {
        ArrayViews.install((array, segment, access) -> array.view(segment, access));
    }

    final MemorySegment segment;
    final int size;
    final @Nullable ArrayAccess access;

    TornadoNativeArray(int numberOfElements, int elementBytes) {
        if (numberOfElements < 0) {
            throw new IllegalArgumentException("number of elements is " + numberOfElements + ", must not be negative");
        }
        segment = Arena.ofAuto().allocate(ARRAY_HEADER + (long) numberOfElements * elementBytes, ALIGNMENT);
        size = numberOfElements;
        access = null;
        writeHeader();
    }

    TornadoNativeArray(MemorySegment segmentWithHeader, int elementBytes, @Nullable ArrayAccess elementAccess) {
        if (segmentWithHeader.byteSize() < ARRAY_HEADER) {
            throw new IllegalArgumentException(
                    "segment has " + segmentWithHeader.byteSize() + " bytes, fewer than the header's " + ARRAY_HEADER);
        }
        segment = segmentWithHeader;
        size = elementsIn(segmentWithHeader.byteSize() - ARRAY_HEADER, elementBytes);
        access = elementAccess;
    }

    /** The number of elements. */
    public abstract int getSize();

    /** The elements, without the header. */
    public abstract MemorySegment getSegment();

    /** Header and elements. */
    public abstract MemorySegment getSegmentWithHeader();

    /** Bytes of header and elements. */
    public abstract long getNumBytesOfSegmentWithHeader();

    /** Bytes of the elements. */
    public abstract long getNumBytesOfSegment();

    /** Sets every element to zero. */
    protected abstract void clear();

    /** Bytes of an element. */
    public abstract int getElementSize();

    abstract TornadoNativeArray view(MemorySegment segmentWithHeader, ArrayAccess elementAccess);

    final void writeHeader() {
        segment.set(ValueLayout.JAVA_INT, 0, size);
    }

    final MemorySegment elements() {
        return segment.asSlice(ARRAY_HEADER);
    }

    final void fillFrom(TornadoNativeArray... arrays) {
        long at = ARRAY_HEADER;
        for (TornadoNativeArray array : arrays) {
            long bytes = array.getNumBytesOfSegment();
            MemorySegment.copy(array.segment, ARRAY_HEADER, segment, at, bytes);
            at += bytes;
        }
    }

    final void copyTo(TornadoNativeArray part, int offset) {
        Objects.checkFromIndexSize(offset, part.size, size);
        long from = ARRAY_HEADER + (long) offset * getElementSize();
        MemorySegment.copy(segment, from, part.segment, ARRAY_HEADER, part.getNumBytesOfSegment());
    }

    static int totalSize(TornadoNativeArray... arrays) {
        int total = 0;
        for (TornadoNativeArray array : arrays) {
            total = Math.addExact(total, array.size);
        }
        return total;
    }

    static int elementsIn(long bytes, int elementBytes) {
        if (bytes % elementBytes != 0) {
            throw new IllegalArgumentException(
                    "segment has " + bytes + " bytes of elements, not a multiple of the element size " + elementBytes);
        }
        return Math.toIntExact(bytes / elementBytes);
    }
}
