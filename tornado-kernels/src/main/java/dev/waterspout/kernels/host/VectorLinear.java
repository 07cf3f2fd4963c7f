package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;

/**
 * Matrix product, blocked for the caches: a group of rows is expanded to f32 a chunk of columns at a time and multiplied
 * with a tile of tokens while it is near.
 *
 * <p>Each output is one vector of partial sums over ascending columns, reduced in a fixed order, then the columns that do
 * not fill a vector, ascending. Blocking changes none of this.
 */
final class VectorLinear {
    /** Tokens that share an expanded group: enough to make expanding cheap, few enough for their sums to stay near. */
    private static final int TILE_TOKENS = 128;

    /** Rows of a group where tokens share its weights: inputs come from the far caches once per group. */
    private static final int WIDE_GROUP = 32;

    /** Rows of a group for few tokens: expanded weights are used at once, from the nearest cache. */
    private static final int NARROW_GROUP = 8;

    /** Columns of a chunk, a multiple of every block and vector. */
    private static final int CHUNK = 1024;

    private static final long WEIGHT_STRIDE = Layouts.floats(CHUNK);
    private static final long SUM_STRIDE = WIDE_GROUP * Lanes.BYTES;
    private static final long SUMS = HostScratch.zeroBytes();

    private final WeightMatrix weights;
    private final MemorySegment x;
    private final MemorySegment y;
    private final MemorySegment expanded;
    private final MemorySegment sums;
    private final MemorySegment totals;
    private final DotTiles tiles;

    private VectorLinear(WeightMatrix weights, MemorySegment x, MemorySegment y, HostScratch scratch) {
        this.weights = weights;
        this.x = x;
        this.y = y;
        expanded = scratch.weights();
        sums = scratch.sums();
        totals = scratch.totals();
        tiles = new DotTiles(expanded, WEIGHT_STRIDE, x, Layouts.floats(weights.columns()), sums, SUM_STRIDE);
    }

    static void apply(
            WeightMatrix weights,
            MemorySegment x,
            int batch,
            MemorySegment y,
            int rowFrom,
            int rowTo,
            HostScratch scratch) {
        VectorLinear linear = new VectorLinear(weights, x, y, scratch);
        int group = batch < 4 ? NARROW_GROUP : WIDE_GROUP;
        for (int token = 0; token < batch; token += TILE_TOKENS) {
            int tokens = Math.min(TILE_TOKENS, batch - token);
            for (int row = rowFrom; row < rowTo; row += group) {
                linear.block(row, Math.min(group, rowTo - row), token, tokens);
            }
        }
    }

    private void block(int row, int rows, int token, int tokens) {
        int columns = weights.columns();
        int chunk = 0;
        for (int column = 0; column < columns; column += CHUNK) {
            chunk = Math.min(CHUNK, columns - column);
            for (int r = 0; r < rows; r++) {
                long from = weights.offset(row + r, column);
                VectorWeights.expand(weights.format(), weights.data(), from, chunk, expanded, r * WEIGHT_STRIDE);
            }
            tiles.multiply(0, rows, inputOffset(token, column), tokens, Lanes.whole(chunk), SUMS, column == 0);
        }
        for (int t = 0; t < tokens; t++) {
            finish(row, rows, token + t, SUMS + t * SUM_STRIDE, chunk);
        }
    }

    /** Reduces the sums of one token and adds the columns that fill no vector; they are still in the last chunk. */
    private void finish(int row, int rows, int token, long sum, int lastChunk) {
        for (int r = 0; r < rows; r += LaneSums.GROUP) {
            LaneSums.sixteen(sums, sum + r * Lanes.BYTES, totals, Layouts.floats(r));
        }
        int whole = Lanes.whole(lastChunk);
        if (whole < lastChunk) {
            long input = inputOffset(token, weights.columns() - lastChunk);
            for (int r = 0; r < rows; r++) {
                addTail(r, input, whole, lastChunk);
            }
        }
        long output = Layouts.floats((long) token * weights.rows() + row);
        MemorySegment.copy(totals, 0, y, output, Layouts.floats(rows));
    }

    private void addTail(int row, long input, int from, int to) {
        float sum = totals.get(Layouts.F32, Layouts.floats(row));
        for (int c = from; c < to; c++) {
            float weight = expanded.get(Layouts.F32, row * WEIGHT_STRIDE + Layouts.floats(c));
            sum = Math.fma(weight, x.get(Layouts.F32, input + Layouts.floats(c)), sum);
        }
        totals.set(Layouts.F32, Layouts.floats(row), sum);
    }

    private long inputOffset(int token, int column) {
        return Layouts.floats((long) token * weights.columns() + column);
    }
}
