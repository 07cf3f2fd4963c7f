package dev.waterspout.kernels.device.kernels;

/**
 * The device array that describes a rotary embedding to its kernels, and an attention by parts or tiles to its own.
 * Queries, keys and values may be columns of one array: each has a stride, the elements of a row of its array, and the
 * first of its columns.
 */
public final class RotaryShape {
    /** Query heads. */
    public static final int HEADS = 0;
    /** Key/value heads. */
    public static final int KV_HEADS = 1;
    /** Elements of a head. */
    public static final int HEAD_DIM = 2;
    /** Leading elements of a head that are rotated. */
    public static final int ROPE_DIM = 3;
    /** Positions of a block of the cache. */
    public static final int BLOCK_SIZE = 4;
    /** 1 if elements 2i and 2i + 1 form a pair, 0 if i and i + ropeDim / 2 do. */
    public static final int ADJACENT = 5;
    /** Elements from one row of queries to the next. */
    public static final int QUERY_STRIDE = 6;
    /** The first element of a row's queries. */
    public static final int QUERY_FROM = 7;
    /** Elements from one row of keys to the next. */
    public static final int KEY_STRIDE = 8;
    /** The first element of a row's keys. */
    public static final int KEY_FROM = 9;
    /** Elements from one row of values to the next. */
    public static final int VALUE_STRIDE = 10;
    /** The first element of a row's values. */
    public static final int VALUE_FROM = 11;
    /** Elements of the heads' norms from one layer to the next. */
    public static final int NORM_STRIDE = 12;
    /** Elements of the heads' norms from one head to the next. */
    public static final int NORM_HEAD = 13;
    /** Partial sums of a head's squares, which are then added pairwise: a power of two. */
    public static final int NORM_LANES = 14;
    /** Parts that the positions of a sequence are split into, at most. */
    public static final int PARTS = 15;
    /** Positions of a part, at least. */
    public static final int LEAST_POSITIONS = 16;
    /** Element of the cache's arrays at which the rows of query heads' own begin. */
    public static final int OWN_FROM = 17;
    /** Number of rows of a query head's own for a token. */
    public static final int OWN_ROWS = 18;
    /** Query heads of a tile of queries. */
    public static final int TILE_HEADS = 19;
    /** Largest number of tokens of a tile of queries. */
    public static final int TILE_TOKENS = 20;
    /** Rows per work-group of tiles of queries: the tokens of a tile if a chunk has one sequence, else 1. */
    public static final int TILE_STRIDE = 21;
    /** Elements of the array. */
    public static final int SIZE = 22;

    private RotaryShape() {}
}
