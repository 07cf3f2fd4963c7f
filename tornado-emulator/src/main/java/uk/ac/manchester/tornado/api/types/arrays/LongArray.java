package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.waterspout.emulator.kernel.ArrayAccess;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** An off-heap array of longs: a header of {@link #ARRAY_HEADER} bytes, then the elements in native byte order. */
public final class LongArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 8;

    /** An array of that many zeros. */
    public LongArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private LongArray(MemorySegment segmentWithHeader, @Nullable ArrayAccess access) {
        super(segmentWithHeader, ELEMENT_BYTES, access);
    }

    /** A copy of an on-heap array. */
    public static LongArray fromArray(long[] values) {
        LongArray array = new LongArray(values.length);
        MemorySegment.copy(values, 0, array.segment, JAVA_LONG, ARRAY_HEADER, values.length);
        return array;
    }

    /** An array of these elements. */
    public static LongArray fromElements(long... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, which has no header and a whole number of elements. */
    public static LongArray fromSegment(MemorySegment segment) {
        LongArray array = new LongArray(elementsIn(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment, ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** A view of a segment of header and elements, without a copy; the element count is written to its header. */
    public static LongArray fromSegmentShallow(MemorySegment segment) {
        LongArray array = new LongArray(segment, null);
        array.writeHeader();
        return array;
    }

    /** One array of the elements of all these, in order. */
    public static LongArray concat(LongArray... arrays) {
        LongArray all = new LongArray(totalSize(arrays));
        all.fillFrom(arrays);
        return all;
    }

    /** The elements as an on-heap array. */
    public long[] toHeapArray() {
        return getSegment().toArray(JAVA_LONG);
    }

    /** Sets the element at an index. */
    public void set(int index, long value) {
        if (access != null) {
            access.write(index);
        }
        segment.set(JAVA_LONG, ARRAY_HEADER + ((long) index << 3), value);
    }

    /** The element at an index. */
    public long get(int index) {
        if (access != null) {
            access.read(index);
        }
        return segment.get(JAVA_LONG, ARRAY_HEADER + ((long) index << 3));
    }

    @Override
    public void clear() {
        init(0);
    }

    @Override
    public int getElementSize() {
        return ELEMENT_BYTES;
    }

    /** Sets every element to a value. */
    public void init(long value) {
        for (int i = 0; i < getSize(); i++) {
            set(i, value);
        }
    }

    @Override
    public int getSize() {
        return size;
    }

    @Override
    public MemorySegment getSegment() {
        return elements();
    }

    @Override
    public MemorySegment getSegmentWithHeader() {
        return segment;
    }

    @Override
    public long getNumBytesOfSegmentWithHeader() {
        return segment.byteSize();
    }

    @Override
    public long getNumBytesOfSegment() {
        return segment.byteSize() - ARRAY_HEADER;
    }

    /** A copy of the elements from an offset on. */
    public LongArray slice(int offset, int length) {
        LongArray part = new LongArray(length);
        copyTo(part, offset);
        return part;
    }

    @Override
    TornadoNativeArray view(MemorySegment segmentWithHeader, ArrayAccess elementAccess) {
        return new LongArray(segmentWithHeader, elementAccess);
    }
}
