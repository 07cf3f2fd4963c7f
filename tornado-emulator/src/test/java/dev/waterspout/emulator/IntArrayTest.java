package dev.waterspout.emulator;

import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class IntArrayTest extends NativeArrayContractTest<IntArray> {
    @Override
    IntArray create(int size) {
        return new IntArray(size);
    }

    @Override
    IntArray fromSegment(MemorySegment elements) {
        return IntArray.fromSegment(elements);
    }

    @Override
    IntArray fromSegmentShallow(MemorySegment withHeader) {
        return IntArray.fromSegmentShallow(withHeader);
    }

    @Override
    IntArray fromHeap(IntArray array) {
        return IntArray.fromElements(array.toHeapArray());
    }

    @Override
    IntArray concat(IntArray first, IntArray second) {
        return IntArray.concat(first, second);
    }

    @Override
    IntArray slice(IntArray array, int offset, int length) {
        return array.slice(offset, length);
    }

    @Override
    void set(IntArray array, int index, long value) {
        array.set(index, (int) value);
    }

    @Override
    void init(IntArray array, long value) {
        array.init((int) value);
    }

    @Override
    void clear(IntArray array) {
        array.clear();
    }

    @Override
    long get(IntArray array, int index) {
        return array.get(index);
    }

    @Override
    int elementBytes() {
        return 4;
    }
}
