package dev.waterspout.kernels.host;

/**
 * Which query heads share a key/value head. Consecutive query heads do, {@code size} of them; the first and the last
 * key/value head of a shard may have fewer of theirs in it.
 *
 * <pre>
 *   query head      0   1   2   3   4        heads = 5, size = 4, offset = 3
 *   key/value head  0   1   1   1   1        query head h belongs to (offset + h) / size
 * </pre>
 *
 * @param heads query heads of the shard, at least 1
 * @param size query heads that share a key/value head in the whole model
 * @param offset number of query heads of the first key/value head that lie before the shard, below {@code size}
 */
public record HeadGroups(int heads, int size, int offset) {
    /** Checks the numbers. */
    public HeadGroups {
        if (heads < 1 || size < 1 || offset < 0 || offset >= size) {
            throw new IllegalArgumentException("heads=" + heads + " size=" + size + " offset=" + offset
                    + ": heads and size are at least 1, and the offset lies within a group");
        }
    }

    /**
     * Returns whole groups.
     *
     * @param heads query heads, a multiple of {@code kvHeads}
     * @param kvHeads key/value heads
     */
    public static HeadGroups whole(int heads, int kvHeads) {
        if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
            throw new IllegalArgumentException("heads=" + heads + ": must be a multiple of kvHeads=" + kvHeads);
        }
        return new HeadGroups(heads, heads / kvHeads, 0);
    }

    /** Returns the number of key/value heads that the query heads need. */
    public int kvHeads() {
        return kvHead(heads - 1) + 1;
    }

    /** Returns the key/value head of a query head. */
    public int kvHead(int head) {
        return (offset + head) / size;
    }

    /** Returns the query head after the last one of a key/value head, at most {@code heads}. */
    int end(int kvHead) {
        return Math.min(heads, (kvHead + 1) * size - offset);
    }
}
