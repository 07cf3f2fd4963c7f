package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;

/**
 * The keys and values of one layer.
 *
 * @param keys [kvHeads][capacity][headDim] f32
 * @param values [kvHeads][capacity][headDim] f32
 * @param kvHeads number of key/value heads, at least 1
 * @param capacity positions that fit, at least 1
 * @param headDim elements per head, in [1, {@value #MAX_HEAD_DIM}]
 */
public record KvCacheView(MemorySegment keys, MemorySegment values, int kvHeads, int capacity, int headDim) {
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
        long floats = Math.multiplyExact((long) kvHeads * capacity, headDim);
        Arguments.checkFloats("keys", keys, floats);
        Arguments.checkFloats("values", values, floats);
    }

    /** Offset in {@link #keys} and {@link #values} of a position of a head. */
    long offset(int kvHead, int position) {
        return Layouts.floats(((long) kvHead * capacity + position) * headDim);
    }
}
