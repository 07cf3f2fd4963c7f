package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.QuantBlock;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Matrix product (GEMM and GEMV). For many tokens it is blocked for the caches: a group of rows is expanded to f32 a
 * chunk of columns at a time and multiplied with a tile of tokens while it is in the L1 cache. For few tokens weights
 * of the types that {@link RowQuads} knows are expanded in registers.
 *
 * <p>Of the many-token blocking, with {@code N} = {@value #NEAR} rows, {@code C} = {@value #CHUNK} columns, 16 lanes:
 * the expanded rows take {@code 4 N C} = 16 KB and stay in the first-level cache while all tokens of the tile pass by.
 * Four tokens with them are {@code 4 N C / 16} = 1024 multiply-adds, a cycle each; meanwhile the four tokens,
 * {@code 16 C} = 16 KB, come from the second level: 16 bytes per cycle of the about 48 that it delivers. The sixteen
 * accumulators come and go once per {@code C / 16} = 64 multiply-adds each: with half the columns and twice the rows
 * that took a sixth of the time. Expanding takes about 5 instructions per vector, against one multiply-add per token of
 * the tile.
 *
 * <p>Each output is one vector of partial sums over ascending columns, reduced in a fixed order, then the columns that
 * do not fill a vector, ascending. Neither way nor blocking changes this: all give the same bits. Only inputs that are
 * rounded, see {@link Int8Inputs}, give others.
 */
public final class VectorLinear {
    /** The batch from which on expanding weights once for all tokens is faster. */
    private static final int MANY_TOKENS = 4;

    /**
     * Tokens that share an expanded group: enough to make expanding cheap, few enough for their sums to stay in the
     * cache.
     */
    private static final int TILE_TOKENS = 128;

    /** Floats of a tile's inputs, where rows are not longer still: about the second-level cache. */
    private static final int TILE_FLOATS = 512 << 10;

    /** Rows of a group: their outputs are reduced together. */
    private static final int GROUP = 16;

    /** Rows of a group that are expanded at a time. */
    private static final int NEAR = 4;

    /**
     * Rows of a group for few tokens: a part of them is one stream through memory. The longer, the seldomer prefetching
     * starts anew: with 128 rows decode of Q4_0 read a seventh less.
     */
    private static final int STREAM_GROUP = 512;

    /** Columns of a chunk, a multiple of every block and vector. */
    private static final int CHUNK = 1024;

    private static final int SUMS = HostScratch.zeros();

    private final WeightMatrix weights;
    private final long address;
    private final MemorySegment x;
    private final long outputs;
    private final long inputs;
    private final long expanded;
    private final QuantBlock block;
    private final long sums;
    private final long totals;
    private final DotTiles tiles;
    private final int tileTokens;
    private final boolean few;
    private final boolean rounds;
    private final long rounded;
    private final int rowsPerGroup;
    private final int sumStride;

    private VectorLinear(
            WeightMatrix weights,
            MemorySegment x,
            int batch,
            MemorySegment y,
            Activations activations,
            HostScratch scratch) {
        this.weights = weights;
        address = Memory.address(weights.data());
        this.x = x;
        outputs = Memory.target(y);
        long padded = Math.ceilDiv((long) weights.columns(), CHUNK) * CHUNK;
        tileTokens = Math.min(batch, Math.clamp(TILE_FLOATS / padded & -4, MANY_TOKENS, TILE_TOKENS));
        few = batch < MANY_TOKENS && RowQuads.serve(weights.format());
        rounds = rounds(weights, batch, activations);
        inputs = scratch.inputs(tileTokens * padded * (rounds ? 2 : 1));
        rounded = inputs + Layouts.floats(tileTokens * padded);
        expanded = scratch.rows();
        block = scratch.block();
        sums = scratch.sums();
        totals = scratch.totals();
        rowsPerGroup = few ? STREAM_GROUP : GROUP;
        sumStride = rowsPerGroup * Lanes.COUNT;
        tiles = new DotTiles(expanded, CHUNK, inputs, CHUNK, sums, Lanes.COUNT, sumStride);
    }

    /** Whether inputs are rounded. */
    static boolean rounds(WeightMatrix weights, int batch, Activations activations) {
        return batch < MANY_TOKENS && activations == Activations.INT8 && Int8Rows.serve(weights);
    }

    static void apply(
            WeightMatrix weights,
            MemorySegment x,
            int batch,
            MemorySegment y,
            int rowFrom,
            int rowTo,
            Activations activations,
            HostScratch scratch) {
        try {
            VectorLinear linear = new VectorLinear(weights, x, batch, y, activations, scratch);
            for (int token = 0; token < batch; token += linear.tileTokens) {
                linear.tile(token, Math.min(linear.tileTokens, batch - token), rowFrom, rowTo);
            }
        } finally {
            Reference.reachabilityFence(scratch);
        }
    }

    private void tile(int token, int tokens, int rowFrom, int rowTo) {
        int run = few ? weights.columns() : CHUNK;
        pack(token, tokens, run);
        for (int t = 0; t < tokens && rounds; t++) {
            Int8Inputs.round(inputs + Layouts.floats((long) t * run), weights.format(), run, rounded(t));
        }
        for (int row = rowFrom; row < rowTo; row += rowsPerGroup) {
            int rows = Math.min(rowsPerGroup, rowTo - row);
            if (few) {
                fewTokens(row, rows, tokens);
            } else {
                expandAndMultiply(row, rows, tokens);
            }
            finish(row, rows, token, tokens);
        }
    }

    /** Copies a tile's inputs: all tokens' first run of columns, then all tokens' next, each run a whole one long. */
    private void pack(int token, int tokens, int run) {
        int columns = weights.columns();
        for (int column = 0; column < columns; column += run) {
            int count = Math.min(run, columns - column);
            for (int t = 0; t < tokens; t++) {
                long from = Layouts.floats((long) (token + t) * columns + column);
                long to = inputs + Layouts.floats((long) column * tokens + (long) t * run);
                MemorySegment.copy(x, from, Memory.ALL, to, Layouts.floats(count));
            }
        }
    }

    /**
     * Takes some distant rows at a time: each of these streams through memory goes on from step to step. Rows that are
     * left are each taken for all streams.
     */
    private void fewTokens(int row, int rows, int tokens) {
        int streams = rounds ? Int8Rows.STREAMS : RowQuads.STREAMS;
        int step = rows / streams;
        // With one token a call takes all pairs. With more, a pair stays in the cache until all tokens have been
        // multiplied.
        int pairs = rounds && tokens == 1 ? step : 1;
        for (int r = 0; r < step; r += pairs) {
            multiply(row, r, pairs, step, tokens);
        }
        for (int r = streams * step; r < rows; r++) {
            multiply(row, r, 1, 0, tokens);
        }
    }

    private void multiply(int row, int r, int pairs, int step, int tokens) {
        for (int t = 0; t < tokens; t++) {
            int sum = SUMS + t * sumStride + r * Lanes.COUNT;
            if (rounds) {
                Int8Rows.multiply(weights, row(row + r), pairs, step, rounded(t), sums, sum);
            } else {
                long in = inputs + Layouts.floats((long) t * weights.columns());
                RowQuads.multiply(weights, row(row + r), step, in, sums, sum);
            }
        }
    }

    private long row(int index) {
        return address + index * weights.rowStride();
    }

    private long rounded(int token) {
        return rounded + token * Int8Inputs.bytes(weights.format(), weights.columns());
    }

    private void expandAndMultiply(int row, int rows, int tokens) {
        int columns = weights.columns();
        for (int column = 0; column < columns; column += CHUNK) {
            int chunk = Math.min(CHUNK, columns - column);
            for (int first = 0; first < rows; first += NEAR) {
                int near = Math.min(NEAR, rows - first);
                for (int r = 0; r < near; r++) {
                    expand(row + first + r, column, chunk, r * CHUNK);
                }
                int sum = SUMS + first * Lanes.COUNT;
                tiles.multiply(near, column * tokens, tokens, Lanes.whole(chunk), sum, column == 0);
            }
        }
    }

    private void expand(int row, int column, int count, int to) {
        weights.format().unpack(address + weights.offset(row, column), count, expanded + Layouts.floats(to), block);
    }

    /** Reduces sums and adds the columns that fill no vector. */
    private void finish(int row, int rows, int token, int tokens) {
        int columns = weights.columns();
        int whole = Lanes.whole(columns);
        int rest = columns - whole;
        for (int r = 0; r < rows && rest > 0; r++) {
            expand(row + r, whole, rest, r * Lanes.COUNT);
        }
        boolean direct = rest == 0 && rows % LaneSums.GROUP == 0;
        for (int t = 0; t < tokens; t++) {
            long output = Layouts.floats((long) (token + t) * weights.rows() + row);
            long to = direct ? outputs + output : totals;
            for (int r = 0; r < rows; r += LaneSums.GROUP) {
                long vectors = sums + Layouts.floats(SUMS + t * sumStride + r * Lanes.COUNT);
                LaneSums.sixteen(vectors, to + Layouts.floats(r));
            }
            if (!direct) {
                long input = Layouts.floats((long) (token + t) * columns + whole);
                for (int r = 0; r < rows && rest > 0; r++) {
                    DotTiles.addRest(totals + Layouts.floats(r), expanded + r * Lanes.BYTES, x, input, rest);
                }
                MemorySegment.copy(Memory.ALL, totals, Memory.ALL, outputs + output, Layouts.floats(rows));
            }
        }
    }
}
