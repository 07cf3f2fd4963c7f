package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
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
 * @param groups query heads, and the cache's head of each
 * @param firstPosition position of row 0; row {@code r} sees positions up to {@code firstPosition + r}
 * @param rows number of tokens, at least 1
 * @param scoring scale, cap, window and sinks of the scores
 */
public record AttentionCall(
        KvCacheView cache,
        MemorySegment queries,
        MemorySegment output,
        HeadGroups groups,
        int firstPosition,
        int rows,
        Scoring scoring) {
    /** Checks that the shape is allowed and fits the segments. */
    public AttentionCall {
        if (groups.kvHeads() > cache.kvHeads()) {
            throw new IllegalArgumentException("query heads of " + groups.kvHeads()
                    + " key/value heads: the cache has kvHeads=" + cache.kvHeads());
        }
        if (rows < 1 || firstPosition < 0 || (long) firstPosition + rows > cache.capacity()) {
            throw new IllegalArgumentException("firstPosition=" + firstPosition + " rows=" + rows
                    + ": positions must lie in the cache's capacity=" + cache.capacity());
        }
        if ((long) rows * groups.heads() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "rows=" + rows + " heads=" + groups.heads() + ": too many units for one call");
        }
        long floats = (long) rows * groups.heads() * cache.headDim();
        Arguments.checkFloats("queries", queries, floats);
        Arguments.checkFloats("output", output, floats);
        if (scoring.sinks() != null) {
            Arguments.checkFloats("sinks", scoring.sinks(), groups.heads());
        }
    }

    /**
     * A call with whole groups and plain scores.
     *
     * @param cache keys and values of the layer
     * @param queries [rows][heads][headDim] f32
     * @param output [rows][heads][headDim] f32, may be {@code queries}
     * @param heads number of query heads, a multiple of the cache's {@code kvHeads}
     * @param firstPosition position of row 0
     * @param rows number of tokens, at least 1
     */
    public AttentionCall(
            KvCacheView cache, MemorySegment queries, MemorySegment output, int heads, int firstPosition, int rows) {
        this(
                cache,
                queries,
                output,
                HeadGroups.whole(heads, cache.kvHeads()),
                firstPosition,
                rows,
                Scoring.plain(cache.headDim()));
    }

    /** Returns the number of query heads. */
    public int heads() {
        return groups.heads();
    }

    /** Returns the number of units: {@code rows * heads}. */
    public int units() {
        return rows * heads();
    }

    int head(int unit) {
        return unit / rows;
    }

    public int kvHead(int unit) {
        return groups.kvHead(head(unit));
    }

    /** Unit after the last one of a key/value head. */
    public int groupEnd(int kvHead) {
        return groups.end(kvHead) * rows;
    }

    /** First position that a unit sees. */
    public int firstVisible(int unit) {
        return scoring.window() == 0 ? 0 : Math.max(0, visible(unit) - scoring.window());
    }

    /** Position after the last one that a unit sees. */
    public int visible(int unit) {
        return firstPosition + unit % rows + 1;
    }

    /** Offset of a unit in {@link #queries} and {@link #output}. */
    public long offset(int unit) {
        return Layouts.floats(((long) (unit % rows) * heads() + head(unit)) * cache.headDim());
    }

    /** Factor of the scores. */
    public float scale() {
        return scoring.scale();
    }

    /** Score of a unit that is there before any position: that of the sink, or minus infinity. */
    public float initialScore(int unit) {
        MemorySegment sinks = scoring.sinks();
        return sinks == null ? Float.NEGATIVE_INFINITY : sinks.get(Layouts.F32, Layouts.floats(head(unit)));
    }

    /** Weight that belongs to {@link #initialScore}, relative to it. */
    public float initialWeight() {
        return scoring.sinks() == null ? 0 : 1;
    }
}
