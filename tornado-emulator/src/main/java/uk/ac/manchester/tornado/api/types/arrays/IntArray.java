package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.waterspout.emulator.kernel.ArrayAccess;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** An off-heap array of ints: a header of {@link #ARRAY_HEADER} bytes, then the elements in native byte order. */
public final class IntArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 4;

    /** An array of that many zeros. */
    public IntArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private IntArray(MemorySegment segmentWithHeader, @Nullable ArrayAccess access) {
        super(segmentWithHeader, ELEMENT_BYTES, access);
    }

    /** A copy of an on-heap array. */
    public static IntArray fromArray(int[] values) {
        IntArray array = new IntArray(values.length);
        MemorySegment.copy(values, 0, array.segment, JAVA_INT, ARRAY_HEADER, values.length);
        return array;
    }

    /** An array of these elements. */
    public static IntArray fromElements(int... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, which has no header and a whole number of elements. */
    public static IntArray fromSegment(MemorySegment segment) {
        IntArray array = new IntArray(elementsIn(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment, ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** A view of a segment of header and elements, without a copy; the element count is written to its header. */
    public static IntArray fromSegmentShallow(MemorySegment segment) {
        IntArray array = new IntArray(segment, null);
        array.writeHeader();
        return array;
    }

    /** One array of the elements of all these, in order. */
    public static IntArray concat(IntArray... arrays) {
        IntArray all = new IntArray(totalSize(arrays));
        all.fillFrom(arrays);
        return all;
    }

    /** The elements as an on-heap array. */
    public int[] toHeapArray() {
        return getSegment().toArray(JAVA_INT);
    }

    /** Sets the element at an index. */
    public void set(int index, int value) {
        if (access != null) {
            access.write(index);
        }
        segment.set(JAVA_INT, ARRAY_HEADER + ((long) index << 2), value);
    }

    /** The element at an index. */
    public int get(int index) {
        if (access != null) {
            access.read(index);
        }
        return segment.get(JAVA_INT, ARRAY_HEADER + ((long) index << 2));
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
    public void init(int value) {
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
    public IntArray slice(int offset, int length) {
        IntArray part = new IntArray(length);
        copyTo(part, offset);
        return part;
    }

    @Override
    TornadoNativeArray view(MemorySegment segmentWithHeader, ArrayAccess elementAccess) {
        return new IntArray(segmentWithHeader, elementAccess);
    }
}
