package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A range of an array's elements, for a partial copy to the host. */
public class DataRange {
    private final TornadoNativeArray array;
    private long firstElement;
    private long elements;
    private boolean materialized;

    /** The whole array. */
    public DataRange(TornadoNativeArray tornadoNativeArray) {
        array = tornadoNativeArray;
    }

    /** Starts the range at an element. */
    public DataRange withOffset(long offset) {
        firstElement = offset;
        return this;
    }

    /** Limits the range to a number of elements; 0 for all of the array. */
    public DataRange withSize(long size) {
        elements = size;
        return this;
    }

    /** First byte of the range, the header counted. */
    public long getOffset() {
        requireMaterialized();
        return TornadoNativeArray.ARRAY_HEADER + firstElement * array.getElementSize();
    }

    /** Bytes of the range. */
    public long getPartialSize() {
        requireMaterialized();
        return elements == 0 ? array.getNumBytesOfSegment() : elements * array.getElementSize();
    }

    /** Checks the range against the array. */
    public void materialize() {
        long last = firstElement + (elements == 0 ? array.getSize() : elements);
        if (firstElement < 0 || elements < 0 || last > array.getSize()) {
            throw new TornadoRuntimeException(
                    "range of " + elements + " elements (0: as many as the array has) from element " + firstElement
                            + " does not lie in the array's " + array.getSize() + " elements");
        }
        materialized = true;
    }

    /** The array. */
    public TornadoNativeArray getArray() {
        return array;
    }

    private void requireMaterialized() {
        if (!materialized) {
            throw new TornadoRuntimeException("materialize() must be called before the range is read");
        }
    }
}
