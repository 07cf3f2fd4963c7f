package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;

/**
 * Causal attention of a chunk of consecutive tokens over the cache, which already holds the keys and values of the
 * chunk.
 *
 * <p>The unit of work is one query head of one token. Unit {@code u} is token {@code u % rows} of head
 * {@code u / rows}, so neighbours share a key/value head, and a band of them reads its keys once.
 *
 * @param cache keys and values of the layer
 * @param queries [rows][heads][headDim] f32
 * @param output [rows][heads][headDim] f32, may be {@code queries}
 * @param heads number of query heads, a multiple of the cache's {@code kvHeads}
 * @param firstPosition position of row 0; row {@code r} sees positions {@code [0, firstPosition + r]}
 * @param rows number of tokens, at least 1
 */
public record AttentionCall(
        KvCacheView cache, MemorySegment queries, MemorySegment output, int heads, int firstPosition, int rows) {
    /** Checks that the shape is allowed and fits the segments. */
    public AttentionCall {
        if (heads < 1 || heads % cache.kvHeads() != 0) {
            throw new IllegalArgumentException("heads=" + heads + ": must be a multiple of kvHeads=" + cache.kvHeads());
        }
        if (rows < 1 || firstPosition < 0 || (long) firstPosition + rows > cache.capacity()) {
            throw new IllegalArgumentException("firstPosition=" + firstPosition + " rows=" + rows
                    + ": positions must lie in the cache's capacity=" + cache.capacity());
        }
        if ((long) rows * heads > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("rows=" + rows + " heads=" + heads + ": too many units for one call");
        }
        long floats = (long) rows * heads * cache.headDim();
        Arguments.checkFloats("queries", queries, floats);
        Arguments.checkFloats("output", output, floats);
    }

    /** Returns the number of units: {@code rows * heads}. */
    public int units() {
        return rows * heads;
    }

    int head(int unit) {
        return unit / rows;
    }

    int kvHead(int unit) {
        return head(unit) / (heads / cache.kvHeads());
    }

    /** Number of positions that a unit sees. */
    int visible(int unit) {
        return firstPosition + unit % rows + 1;
    }

    /** Offset of a unit in {@link #queries} and {@link #output}. */
    long offset(int unit) {
        return Layouts.floats(((long) (unit % rows) * heads + head(unit)) * cache.headDim());
    }

    /** Factor of the scores: {@code 1 / sqrt(headDim)}. */
    float scale() {
        return (float) (1 / Math.sqrt(cache.headDim()));
    }
}
