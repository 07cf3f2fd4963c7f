package dev.waterspout.engine.tokenizer;

import java.util.Arrays;

/** A binary min-heap of longs in one array. */
final class LongHeap {
    private long[] keys = new long[64];
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    void push(long key) {
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, size * 2);
        }
        int hole = size++;
        while (hole > 0) {
            int parent = (hole - 1) >>> 1;
            if (keys[parent] <= key) {
                break;
            }
            keys[hole] = keys[parent];
            hole = parent;
        }
        keys[hole] = key;
    }

    /** Removes the least key; the heap must not be empty. */
    long pop() {
        long least = keys[0];
        long last = keys[--size];
        int hole = 0;
        int child = 1;
        while (child < size) {
            if (child + 1 < size && keys[child + 1] < keys[child]) {
                child++;
            }
            if (last <= keys[child]) {
                break;
            }
            keys[hole] = keys[child];
            hole = child;
            child = 2 * hole + 1;
        }
        keys[hole] = last;
        return least;
    }
}
