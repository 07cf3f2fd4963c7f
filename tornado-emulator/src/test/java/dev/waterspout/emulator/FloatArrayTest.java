package dev.waterspout.emulator;

import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class FloatArrayTest extends NativeArrayContractTest<FloatArray> {
    @Override
    FloatArray create(int size) {
        return new FloatArray(size);
    }

    @Override
    FloatArray fromSegment(MemorySegment elements) {
        return FloatArray.fromSegment(elements);
    }

    @Override
    FloatArray fromSegmentShallow(MemorySegment withHeader) {
        return FloatArray.fromSegmentShallow(withHeader);
    }

    @Override
    FloatArray fromHeap(FloatArray array) {
        return FloatArray.fromElements(array.toHeapArray());
    }

    @Override
    FloatArray concat(FloatArray first, FloatArray second) {
        return FloatArray.concat(first, second);
    }

    @Override
    FloatArray slice(FloatArray array, int offset, int length) {
        return array.slice(offset, length);
    }

    @Override
    void set(FloatArray array, int index, long value) {
        array.set(index, (float) value);
    }

    @Override
    void init(FloatArray array, long value) {
        array.init((float) value);
    }

    @Override
    void clear(FloatArray array) {
        array.clear();
    }

    @Override
    long get(FloatArray array, int index) {
        return (long) array.get(index);
    }

    @Override
    int elementBytes() {
        return 4;
    }
}
