package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.waterspout.emulator.kernel.ArrayAccess;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** An off-heap array of shorts: a header of {@link #ARRAY_HEADER} bytes, then the elements in native byte order. */
public final class ShortArray extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 2;

    /** An array of that many zeros. */
    public ShortArray(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private ShortArray(MemorySegment segmentWithHeader, @Nullable ArrayAccess access) {
        super(segmentWithHeader, ELEMENT_BYTES, access);
    }

    /** A copy of an on-heap array. */
    public static ShortArray fromArray(short[] values) {
        ShortArray array = new ShortArray(values.length);
        MemorySegment.copy(values, 0, array.segment, JAVA_SHORT, ARRAY_HEADER, values.length);
        return array;
    }

    /** An array of these elements. */
    public static ShortArray fromElements(short... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, which has no header and a whole number of elements. */
    public static ShortArray fromSegment(MemorySegment segment) {
        ShortArray array = new ShortArray(elementsIn(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment, ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** A view of a segment of header and elements, without a copy; the element count is written to its header. */
    public static ShortArray fromSegmentShallow(MemorySegment segment) {
        ShortArray array = new ShortArray(segment, null);
        array.writeHeader();
        return array;
    }

    /** One array of the elements of all these, in order. */
    public static ShortArray concat(ShortArray... arrays) {
        ShortArray all = new ShortArray(totalSize(arrays));
        all.fillFrom(arrays);
        return all;
    }

    /** The elements as an on-heap array. */
    public short[] toHeapArray() {
        return getSegment().toArray(JAVA_SHORT);
    }

    /** Sets the element at an index. */
    public void set(int index, short value) {
        if (access != null) {
            access.write(index);
        }
        segment.set(JAVA_SHORT, ARRAY_HEADER + ((long) index << 1), value);
    }

    /** The element at an index. */
    public short get(int index) {
        if (access != null) {
            access.read(index);
        }
        return segment.get(JAVA_SHORT, ARRAY_HEADER + ((long) index << 1));
    }

    @Override
    public void clear() {
        init((short) 0);
    }

    @Override
    public int getElementSize() {
        return ELEMENT_BYTES;
    }

    /** Sets every element to a value. */
    public void init(short value) {
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
    public ShortArray slice(int offset, int length) {
        ShortArray part = new ShortArray(length);
        copyTo(part, offset);
        return part;
    }

    @Override
    TornadoNativeArray view(MemorySegment segmentWithHeader, ArrayAccess elementAccess) {
        return new ShortArray(segmentWithHeader, elementAccess);
    }
}
