package uk.ac.manchester.tornado.api.types.arrays;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.waterspout.emulator.kernel.ArrayAccess;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** An off-heap array of signed bytes: a header of {@link #ARRAY_HEADER} bytes, then the elements. */
public final class Int8Array extends TornadoNativeArray {
    private static final int ELEMENT_BYTES = 1;

    /** An array of that many zeros. */
    public Int8Array(int numberOfElements) {
        super(numberOfElements, ELEMENT_BYTES);
    }

    private Int8Array(MemorySegment segmentWithHeader, @Nullable ArrayAccess access) {
        super(segmentWithHeader, ELEMENT_BYTES, access);
    }

    /** A copy of an on-heap array. */
    public static Int8Array fromArray(byte[] values) {
        Int8Array array = new Int8Array(values.length);
        MemorySegment.copy(values, 0, array.segment, JAVA_BYTE, ARRAY_HEADER, values.length);
        return array;
    }

    /** An array of these elements. */
    public static Int8Array fromElements(byte... values) {
        return fromArray(values);
    }

    /** A copy of a segment of elements, which has no header and a whole number of elements. */
    public static Int8Array fromSegment(MemorySegment segment) {
        Int8Array array = new Int8Array(elementsIn(segment.byteSize(), ELEMENT_BYTES));
        MemorySegment.copy(segment, 0, array.segment, ARRAY_HEADER, segment.byteSize());
        return array;
    }

    /** A view of a segment of header and elements, without a copy; the element count is written to its header. */
    public static Int8Array fromSegmentShallow(MemorySegment segment) {
        Int8Array array = new Int8Array(segment, null);
        array.writeHeader();
        return array;
    }

    /** One array of the elements of all these, in order. */
    public static Int8Array concat(Int8Array... arrays) {
        Int8Array all = new Int8Array(totalSize(arrays));
        all.fillFrom(arrays);
        return all;
    }

    /** The elements as an on-heap array. */
    public byte[] toHeapArray() {
        return getSegment().toArray(JAVA_BYTE);
    }

    /** Sets the element at an index. */
    public void set(int index, byte value) {
        if (access != null) {
            access.write(index);
        }
        segment.set(JAVA_BYTE, ARRAY_HEADER + index, value);
    }

    /** The element at an index. */
    public byte get(int index) {
        if (access != null) {
            access.read(index);
        }
        return segment.get(JAVA_BYTE, ARRAY_HEADER + index);
    }

    @Override
    public void clear() {
        init((byte) 0);
    }

    @Override
    public int getElementSize() {
        return ELEMENT_BYTES;
    }

    /** Sets every element to a value. */
    public void init(byte value) {
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
    public Int8Array slice(int offset, int length) {
        Int8Array part = new Int8Array(length);
        copyTo(part, offset);
        return part;
    }

    @Override
    TornadoNativeArray view(MemorySegment segmentWithHeader, ArrayAccess elementAccess) {
        return new Int8Array(segmentWithHeader, elementAccess);
    }
}
