package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;

/**
 * The keys and values of one layer.
 *
 * @param keys [kvHeads][capacity][headDim], off-heap
 * @param values [kvHeads][capacity][headDim], off-heap
 * @param type of the elements of both
 * @param kvHeads number of key/value heads, at least 1
 * @param capacity positions that fit, at least 1
 * @param headDim elements per head, in [1, {@value #MAX_HEAD_DIM}]
 */
public record KvCacheView(
        MemorySegment keys, MemorySegment values, CacheType type, int kvHeads, int capacity, int headDim) {
    /** The largest head that the kernels' scratch memory holds. */
    public static final int MAX_HEAD_DIM = 1024;

    /** Checks that the shape is allowed and fits the segments. */
    public KvCacheView {
        if (kvHeads < 1 || capacity < 1) {
            throw new IllegalArgumentException(
                    "kvHeads=" + kvHeads + " capacity=" + capacity + ": both are at least 1");
        }
        if (headDim < 1 || headDim > MAX_HEAD_DIM) {
            throw new IllegalArgumentException("headDim=" + headDim + ": must be in [1, " + MAX_HEAD_DIM + "]");
        }
        long elements = Math.multiplyExact((long) kvHeads * capacity, headDim);
        check("keys", keys, type, elements);
        check("values", values, type, elements);
    }

    private static void check(String name, MemorySegment segment, CacheType type, long elements) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException(name + " lie on the heap; the kernels read them off-heap");
        }
        if (elements > segment.byteSize() / type.bytes()) {
            throw new IllegalArgumentException(name + " of " + segment.byteSize() + " bytes is too small for "
                    + elements + " " + type + " values");
        }
    }

    /**
     * Stores keys and values of consecutive tokens.
     *
     * @param newKeys [rows][kvHeads][headDim] f32
     * @param newValues [rows][kvHeads][headDim] f32
     * @param position of row 0
     * @param rows tokens
     */
    public void store(MemorySegment newKeys, MemorySegment newValues, int position, int rows) {
        Arguments.checkRange("positions", position, position + rows, capacity);
        long floats = (long) rows * kvHeads * headDim;
        Arguments.checkFloats("new keys", newKeys, floats);
        Arguments.checkFloats("new values", newValues, floats);
        for (int row = 0; row < rows; row++) {
            for (int kvHead = 0; kvHead < kvHeads; kvHead++) {
                long source = Layouts.floats(((long) row * kvHeads + kvHead) * headDim);
                long target = offset(kvHead, position + row);
                storeHead(newKeys, source, keys, target);
                storeHead(newValues, source, values, target);
            }
        }
    }

    private void storeHead(MemorySegment from, long source, MemorySegment to, long target) {
        switch (type) {
            case F32 -> MemorySegment.copy(from, source, to, target, Layouts.floats(headDim));
            case F16 -> {
                for (int d = 0; d < headDim; d++) {
                    short half = Float.floatToFloat16(from.get(Layouts.F32, source + Layouts.floats(d)));
                    to.set(Layouts.I16, target + (long) d * Short.BYTES, half);
                }
            }
        }
    }

    /** Element {@code d} of a position, whose offset in keys or values is given. */
    float get(MemorySegment cached, long offset, int d) {
        return switch (type) {
            case F32 -> cached.get(Layouts.F32, offset + Layouts.floats(d));
            case F16 -> Float.float16ToFloat(cached.get(Layouts.I16, offset + (long) d * Short.BYTES));
        };
    }

    /** Offset in {@link #keys} and {@link #values} of a position of a head. */
    public long offset(int kvHead, int position) {
        return ((long) kvHead * capacity + position) * headDim * type.bytes();
    }
}
