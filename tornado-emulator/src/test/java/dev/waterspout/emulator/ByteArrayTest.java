package dev.waterspout.emulator;

import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;

class ByteArrayTest extends NativeArrayContractTest<ByteArray> {
    @Override
    ByteArray create(int size) {
        return new ByteArray(size);
    }

    @Override
    ByteArray fromSegment(MemorySegment elements) {
        return ByteArray.fromSegment(elements);
    }

    @Override
    ByteArray fromSegmentShallow(MemorySegment withHeader) {
        return ByteArray.fromSegmentShallow(withHeader);
    }

    @Override
    ByteArray fromHeap(ByteArray array) {
        return ByteArray.fromElements(array.toHeapArray());
    }

    @Override
    ByteArray concat(ByteArray first, ByteArray second) {
        return ByteArray.concat(first, second);
    }

    @Override
    ByteArray slice(ByteArray array, int offset, int length) {
        return array.slice(offset, length);
    }

    @Override
    void set(ByteArray array, int index, long value) {
        array.set(index, (byte) value);
    }

    @Override
    void init(ByteArray array, long value) {
        array.init((byte) value);
    }

    @Override
    void clear(ByteArray array) {
        array.clear();
    }

    @Override
    long get(ByteArray array, int index) {
        return array.get(index);
    }

    @Override
    int elementBytes() {
        return 1;
    }
}
