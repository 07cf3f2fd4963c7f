package dev.waterspout.kernels.host;

import java.lang.foreign.MemorySegment;

/**
 * Matrix product. For many tokens it is blocked for the caches: a group of rows is expanded to f32 a chunk of columns
 * at a time and multiplied with a tile of tokens while it is near. For few tokens weights are expanded in registers.
 *
 * <p>Each output is one vector of partial sums over ascending columns, reduced in a fixed order, then the columns that
 * do not fill a vector, ascending. Neither way nor blocking changes this: all give the same bits.
 */
final class VectorLinear {
    /** From here on expanding weights once for all tokens is faster. */
    private static final int MANY_TOKENS = 4;

    /** Tokens that share an expanded group: enough to make expanding cheap, few enough for their sums to stay near. */
    private static final int TILE_TOKENS = 128;

    /** Rows of a group: inputs come from the far caches once per group. */
    private static final int GROUP = 32;

    /** Rows of a group for few tokens: a quarter of them is one stream through memory, long enough to be prefetched. */
    private static final int STREAM_GROUP = 128;

    /** Columns of a chunk, a multiple of every block and vector. */
    private static final int CHUNK = 1024;

    private static final int SUMS = HostScratch.zeros();

    private final WeightMatrix weights;
    private final MemorySegment x;
    private final MemorySegment y;
    private final float[] expanded;
    private final float[] sums;
    private final float[] totals;
    private final DotTiles tiles;
    private final int rowsPerGroup;
    private final int sumStride;

    private VectorLinear(WeightMatrix weights, MemorySegment x, int batch, MemorySegment y, HostScratch scratch) {
        this.weights = weights;
        this.x = x;
        this.y = y;
        expanded = scratch.rows();
        sums = scratch.sums();
        totals = scratch.totals();
        rowsPerGroup = batch < MANY_TOKENS ? STREAM_GROUP : GROUP;
        sumStride = rowsPerGroup * Lanes.COUNT;
        tiles = new DotTiles(expanded, CHUNK, x, Layouts.floats(weights.columns()), sums, Lanes.COUNT, sumStride);
    }

    static void apply(
            WeightMatrix weights,
            MemorySegment x,
            int batch,
            MemorySegment y,
            int rowFrom,
            int rowTo,
            HostScratch scratch) {
        VectorLinear linear = new VectorLinear(weights, x, batch, y, scratch);
        for (int token = 0; token < batch; token += TILE_TOKENS) {
            int tokens = Math.min(TILE_TOKENS, batch - token);
            for (int row = rowFrom; row < rowTo; row += linear.rowsPerGroup) {
                linear.group(row, Math.min(linear.rowsPerGroup, rowTo - row), token, tokens);
            }
        }
    }

    private void group(int row, int rows, int token, int tokens) {
        if (tokens < MANY_TOKENS) {
            fewTokens(row, rows, token, tokens);
        } else {
            expandAndMultiply(row, rows, token, tokens, SUMS);
        }
        finish(row, rows, token, tokens);
    }

    /** Takes four distant rows at a time: each of the four streams through memory goes on from quad to quad. */
    private void fewTokens(int row, int rows, int token, int tokens) {
        int step = rows / 4;
        int done = 0;
        if (RowQuads.supports(weights.format())) {
            for (int r = 0; r < step; r++) {
                for (int t = 0; t < tokens; t++) {
                    int sum = SUMS + t * sumStride + r * Lanes.COUNT;
                    RowQuads.multiply(weights, row + r, step, x, inputOffset(token + t, 0), sums, sum);
                }
            }
            done = 4 * step;
        }
        for (int r = done; r < rows; r += 4) {
            expandAndMultiply(row + r, Math.min(4, rows - r), token, tokens, SUMS + r * Lanes.COUNT);
        }
    }

    private void expandAndMultiply(int row, int rows, int token, int tokens, int sum) {
        int columns = weights.columns();
        for (int column = 0; column < columns; column += CHUNK) {
            int chunk = Math.min(CHUNK, columns - column);
            for (int r = 0; r < rows; r++) {
                expand(row + r, column, chunk, r * CHUNK);
            }
            tiles.multiply(rows, inputOffset(token, column), tokens, Lanes.whole(chunk), sum, column == 0);
        }
    }

    private void expand(int row, int column, int count, int to) {
        long from = weights.offset(row, column);
        VectorWeights.expand(weights.format(), weights.data(), from, count, expanded, to);
    }

    /** Reduces sums and adds the columns that fill no vector. */
    private void finish(int row, int rows, int token, int tokens) {
        int columns = weights.columns();
        int whole = Lanes.whole(columns);
        for (int r = 0; r < rows && whole < columns; r++) {
            expand(row + r, whole, columns - whole, r * Lanes.COUNT);
        }
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < rows; r += LaneSums.GROUP) {
                LaneSums.sixteen(sums, SUMS + t * sumStride + r * Lanes.COUNT, totals, r);
            }
            for (int r = 0; r < rows && whole < columns; r++) {
                totals[r] = addTail(totals[r], r * Lanes.COUNT, inputOffset(token + t, whole), columns - whole);
            }
            long output = Layouts.floats((long) (token + t) * weights.rows() + row);
            MemorySegment.copy(totals, 0, y, Layouts.F32, output, rows);
        }
    }

    private float addTail(float total, int weight, long input, int count) {
        float sum = total;
        for (int c = 0; c < count; c++) {
            sum = Math.fma(expanded[weight + c], x.get(Layouts.F32, input + Layouts.floats(c)), sum);
        }
        return sum;
    }

    private long inputOffset(int token, int column) {
        return Layouts.floats((long) token * weights.columns() + column);
    }
}
