package dev.waterspout.emulator;

import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

class LongArrayTest extends NativeArrayContractTest<LongArray> {
    @Override
    LongArray create(int size) {
        return new LongArray(size);
    }

    @Override
    LongArray fromSegment(MemorySegment elements) {
        return LongArray.fromSegment(elements);
    }

    @Override
    LongArray fromSegmentShallow(MemorySegment withHeader) {
        return LongArray.fromSegmentShallow(withHeader);
    }

    @Override
    LongArray fromHeap(LongArray array) {
        return LongArray.fromElements(array.toHeapArray());
    }

    @Override
    LongArray concat(LongArray first, LongArray second) {
        return LongArray.concat(first, second);
    }

    @Override
    LongArray slice(LongArray array, int offset, int length) {
        return array.slice(offset, length);
    }

    @Override
    void set(LongArray array, int index, long value) {
        array.set(index, value);
    }

    @Override
    void init(LongArray array, long value) {
        array.init(value);
    }

    @Override
    void clear(LongArray array) {
        array.clear();
    }

    @Override
    long get(LongArray array, int index) {
        return array.get(index);
    }

    @Override
    int elementBytes() {
        return 8;
    }
}
