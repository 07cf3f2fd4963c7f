package dev.waterspout.emulator;

import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.Int8Array;

class Int8ArrayTest extends NativeArrayContractTest<Int8Array> {
    @Override
    Int8Array create(int size) {
        return new Int8Array(size);
    }

    @Override
    Int8Array fromSegment(MemorySegment elements) {
        return Int8Array.fromSegment(elements);
    }

    @Override
    Int8Array fromSegmentShallow(MemorySegment withHeader) {
        return Int8Array.fromSegmentShallow(withHeader);
    }

    @Override
    Int8Array fromHeap(Int8Array array) {
        return Int8Array.fromElements(array.toHeapArray());
    }

    @Override
    Int8Array concat(Int8Array first, Int8Array second) {
        return Int8Array.concat(first, second);
    }

    @Override
    Int8Array slice(Int8Array array, int offset, int length) {
        return array.slice(offset, length);
    }

    @Override
    void set(Int8Array array, int index, long value) {
        array.set(index, (byte) value);
    }

    @Override
    void init(Int8Array array, long value) {
        array.init((byte) value);
    }

    @Override
    void clear(Int8Array array) {
        array.clear();
    }

    @Override
    long get(Int8Array array, int index) {
        return array.get(index);
    }

    @Override
    int elementBytes() {
        return 1;
    }
}
