package dev.waterspout.emulator;

import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;

class ShortArrayTest extends NativeArrayContractTest<ShortArray> {
    @Override
    ShortArray create(int size) {
        return new ShortArray(size);
    }

    @Override
    ShortArray fromSegment(MemorySegment elements) {
        return ShortArray.fromSegment(elements);
    }

    @Override
    ShortArray fromSegmentShallow(MemorySegment withHeader) {
        return ShortArray.fromSegmentShallow(withHeader);
    }

    @Override
    ShortArray fromHeap(ShortArray array) {
        return ShortArray.fromElements(array.toHeapArray());
    }

    @Override
    ShortArray concat(ShortArray first, ShortArray second) {
        return ShortArray.concat(first, second);
    }

    @Override
    ShortArray slice(ShortArray array, int offset, int length) {
        return array.slice(offset, length);
    }

    @Override
    void set(ShortArray array, int index, long value) {
        array.set(index, (short) value);
    }

    @Override
    void init(ShortArray array, long value) {
        array.init((short) value);
    }

    @Override
    void clear(ShortArray array) {
        array.clear();
    }

    @Override
    long get(ShortArray array, int index) {
        return array.get(index);
    }

    @Override
    int elementBytes() {
        return 2;
    }
}
