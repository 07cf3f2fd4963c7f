package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.ExpansionKernels;
import dev.waterspout.kernels.machine.FloatStorage;
import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.machine.TotalKernels;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.QuantBlock;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * Matrix product (GEMM and GEMV). For many tokens it is blocked for the caches: a group of rows is expanded to f32 a
 * chunk of columns at a time and multiplied with a tile of tokens while it is in the L1 cache. For few tokens weights
 * of the types that {@link RowQuads} knows are expanded in registers.
 *
 * <p>Of the many-token blocking, with {@code N} = {@value #NEAR} rows, {@code C} = {@value #CHUNK} columns, 8 lanes:
 * the expanded rows take {@code 4 N C} = 16 KB and stay in the first-level cache for all tokens of the tile. A token
 * with them is {@code N C / 8} = 512 multiply-adds, two a cycle; meanwhile the next token, {@code 4 C} = 2 KB, is read
 * from the second level: 8 bytes per cycle of the about 32 that it delivers. Expanding takes about 5 instructions per
 * vector, against one multiply-add per token of the tile.
 *
 * <p>Each output is one vector of partial sums over ascending columns, reduced in a fixed order, then the columns that
 * do not fill a vector, ascending. Neither way nor blocking changes this: all give the same bits, whether
 * {@link DotTiles} use machine code or not. Only inputs that are rounded, see {@link RoundedInputs}, give others.
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
    private static final int NEAR = 8;

    /**
     * Rows of a group for few tokens, which is read in several streams. Longer streams restart prefetching less often:
     * with 128 rows decode of Q4_0 read a seventh less per second.
     */
    private static final int STREAM_GROUP = 512;

    /** Columns of a chunk, a multiple of every block and vector. */
    private static final int CHUNK = 512;

    /**
     * Floats between rows, and between inputs, of a chunk: at a distance of 4096 bytes they would share a set of the
     * first-level cache.
     */
    private static final int GAP = 16;

    private static final int STRIDE = CHUNK + GAP;

    private static final int SUMS = HostScratch.zeros();

    private final WeightMatrix weights;
    private final long address;
    private final MemorySegment x;
    private final long outputs;
    private final long inputs;
    private final long expanded;
    private final QuantBlock block;
    private final HostScratch scratch;
    private final long sums;
    private final long totals;
    private final DotTiles tiles;

    /** Machine code that expands rows, or null. */
    private final @Nullable ExpansionKernels expansion;

    /** Machine code that reduces sums, or null. */
    private final @Nullable TotalKernels reduction;

    private final int tileTokens;
    private final boolean few;
    private final boolean rounds;
    private final int rowsPerGroup;
    private final int sumStride;

    /** Columns that are packed together. */
    private final int run;

    /** Floats from one token's run of columns to the next one's. */
    private final int runStride;

    private VectorLinear(
            WeightMatrix weights,
            MemorySegment x,
            int batch,
            MemorySegment y,
            boolean rounds,
            HostScratch scratch,
            @Nullable MachineCode machine) {
        this.weights = weights;
        this.rounds = rounds;
        address = Memory.address(weights.data());
        this.x = x;
        outputs = Memory.target(y);
        few = batch < MANY_TOKENS && RowQuads.serve(weights.format());
        run = few ? weights.columns() : CHUNK;
        runStride = run + GAP;
        long padded = Math.ceilDiv((long) weights.columns(), run) * runStride;
        tileTokens = Math.min(batch, Math.clamp(TILE_FLOATS / padded & -4, MANY_TOKENS, TILE_TOKENS));
        inputs = scratch.inputs(tileTokens * padded);
        expanded = scratch.rows();
        block = scratch.block();
        this.scratch = scratch;
        sums = scratch.sums();
        totals = scratch.totals();
        rowsPerGroup = few ? STREAM_GROUP : GROUP;
        sumStride = rowsPerGroup * Lanes.COUNT;
        tiles = new DotTiles(expanded, STRIDE, inputs, STRIDE, sums, Lanes.COUNT, sumStride, machine);
        FloatStorage floats = weights.format().floats();
        expansion = machine == null || floats == null
                ? null
                : machine.expansions(floats, Lanes.COUNT, STRIDE * Float.BYTES, (int)
                                weights.format().rowBytes(CHUNK))
                        .orElse(null);
        reduction = machine == null ? null : machine.totals(Lanes.COUNT).orElse(null);
    }

    /** Whether inputs are rounded. */
    static boolean rounds(WeightMatrix weights, Activations activations) {
        return activations == Activations.INT8 && weights.format().quants() != null;
    }

    static void apply(
            WeightMatrix weights,
            MemorySegment x,
            int batch,
            MemorySegment y,
            int rowFrom,
            int rowTo,
            boolean rounds,
            HostScratch scratch,
            @Nullable MachineCode machine) {
        if (machine != null && FloatRowLinear.apply(weights, x, batch, y, rowFrom, rowTo, scratch, machine)) {
            return;
        }
        try {
            VectorLinear linear = new VectorLinear(weights, x, batch, y, rounds, scratch, machine);
            for (int token = 0; token < batch; token += linear.tileTokens) {
                linear.tile(token, Math.min(linear.tileTokens, batch - token), rowFrom, rowTo);
            }
        } finally {
            Reference.reachabilityFence(scratch);
        }
    }

    private void tile(int token, int tokens, int rowFrom, int rowTo) {
        pack(token, tokens);
        for (int row = rowFrom; row < rowTo; row += rowsPerGroup) {
            int rows = Math.min(rowsPerGroup, rowTo - row);
            if (few) {
                fewTokens(row, rows, tokens);
            } else {
                expandAndMultiply(row, rows, tokens);
            }
            finish(row, rows, token, tokens);
            scratch.tileDone();
        }
    }

    /** Copies a tile's inputs: all tokens' first run of columns, then all tokens' next. */
    private void pack(int token, int tokens) {
        int columns = weights.columns();
        for (int column = 0; column < columns; column += run) {
            int count = Math.min(run, columns - column);
            for (int t = 0; t < tokens; t++) {
                long from = Layouts.floats((long) (token + t) * columns + column);
                long to = input(column, t, tokens);
                MemorySegment.copy(x, from, Memory.ALL, to, Layouts.floats(count));
                if (rounds) {
                    RoundedInputs.round(to, count);
                }
            }
        }
    }

    /** Address of a token's run of columns. */
    private long input(int column, int token, int tokens) {
        return inputs + Layouts.floats(((long) column / run * tokens + token) * runStride);
    }

    /**
     * Multiplies several distant rows at a time; each is the next row of its stream through memory. A remaining row is
     * used for all streams.
     */
    private void fewTokens(int row, int rows, int tokens) {
        int step = rows / RowQuads.STREAMS;
        for (int r = 0; r < step; r++) {
            multiply(row, r, step, tokens);
        }
        for (int r = RowQuads.STREAMS * step; r < rows; r++) {
            multiply(row, r, 0, tokens);
        }
    }

    private void multiply(int row, int r, int step, int tokens) {
        long weightRow = address + (row + r) * weights.rowStride();
        for (int t = 0; t < tokens; t++) {
            int sum = SUMS + t * sumStride + r * Lanes.COUNT;
            RowQuads.multiply(weights, weightRow, step, input(0, t, tokens), sums, sum);
        }
    }

    private void expandAndMultiply(int row, int rows, int tokens) {
        int columns = weights.columns();
        for (int column = 0; column < columns; column += CHUNK) {
            int chunk = Math.min(CHUNK, columns - column);
            tiles.readInputs(input(column, 0, tokens));
            for (int first = 0; first < rows; first += NEAR) {
                int near = Math.min(NEAR, rows - first);
                expand(row + first, near, column, chunk);
                int sum = SUMS + first * Lanes.COUNT;
                tiles.multiply(near, 0, tokens, Lanes.whole(chunk), sum, column == 0);
            }
        }
    }

    /** Expands columns of some rows; of those that fill no vector only the Vector API does. */
    private void expand(int row, int rows, int column, int count) {
        if (expansion != null) {
            if (count >= Lanes.COUNT) {
                long stored = address + weights.offset(row, column);
                expansion.expand(expanded, stored, weights.rowStride(), rows, Lanes.whole(count));
            }
            return;
        }
        for (int r = 0; r < rows; r++) {
            expandRow(row + r, column, count, r * STRIDE);
        }
    }

    private void expandRow(int row, int column, int count, int to) {
        weights.format().unpack(address + weights.offset(row, column), count, expanded + Layouts.floats(to), block);
    }

    /** Reduces sums and adds the columns that fill no vector. */
    private void finish(int row, int rows, int token, int tokens) {
        int columns = weights.columns();
        int whole = Lanes.whole(columns);
        int rest = columns - whole;
        for (int r = 0; r < rows && rest > 0; r++) {
            expandRow(row + r, whole, rest, r * Lanes.COUNT);
        }
        boolean direct = rest == 0 && rows % LaneSums.GROUP == 0;
        if (direct && reduction != null) {
            reduction.sum(
                    outputs + Layouts.floats((long) token * weights.rows() + row),
                    Layouts.floats(weights.rows()),
                    sums + Layouts.floats(SUMS),
                    Layouts.floats(sumStride),
                    rows,
                    tokens);
            return;
        }
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
