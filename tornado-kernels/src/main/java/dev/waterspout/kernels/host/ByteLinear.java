package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.BlockReader;
import dev.waterspout.kernels.machine.ByteKernels;
import dev.waterspout.kernels.machine.RowKernels;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import dev.waterspout.kernels.weights.QuantBlock;
import dev.waterspout.kernels.weights.QuantTarget;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * Matrix product of quantized weights with inputs rounded to 8 bits, by micro-kernels in machine code, see
 * {@link ByteKernels}.
 *
 * <p>Rows are taken in panels, as many as a tile has, and columns in chunks of {@value ByteKernels#CHUNK}. A chunk of
 * a panel becomes a tile, which stays in the first-level cache while the chunk's inputs of up to {@value #TILE_TOKENS}
 * tokens, 512 bytes each, stream past it from the second level. They stay there for {@value #PANELS} panels, and so do
 * the results of these panels until their last chunk. Sums depend neither on this nor on the number of tokens.
 *
 * <p>With one token, rows are multiplied while they are read, without a tile, see {@link RowKernels}.
 */
final class ByteLinear {
    /** Tokens that share a tile of weights. */
    private static final int TILE_TOKENS = 256;

    /** Panels that share a chunk of the inputs while it is in the second-level cache. */
    private static final int PANELS = 4;

    /**
     * Number of tokens whose inputs fit in the cache together with any panel. The chunks of a panel are then processed
     * one after the other, which the prefetch of the next panel assumes.
     */
    private static final int FEW_TOKENS = 16;

    /** Bytes of weights that a call multiplies with one token: the JVM waits for it at a safepoint. */
    private static final int CALL_BYTES = 128 << 10;

    /** Bytes of the longest rows that code reads: the distance of the last row of a panel fits into an instruction. */
    private static final int LONGEST_STRIDE = 1 << 25;

    private final WeightMatrix weights;
    private final ByteKernels kernels;
    private final MemorySegment x;
    private final MemorySegment y;
    private final long address;
    private final long inputs;
    private final long results;
    private final long panel;
    private final MemorySegment tile;
    private final MemorySegment constants;
    private final QuantBlock block;
    private final HostScratch scratch;
    private final ByteKernels.@Nullable Reader reader;

    private ByteLinear(
            WeightMatrix weights,
            ByteKernels kernels,
            MemorySegment x,
            int tokens,
            MemorySegment y,
            HostScratch scratch) {
        this.weights = weights;
        this.kernels = kernels;
        this.x = x;
        this.y = y;
        address = Memory.address(weights.data());
        long chunks = Math.ceilDiv((long) weights.columns(), ByteKernels.CHUNK);
        inputs = scratch.inputs(chunks * tokens * ByteKernels.INPUT_CHUNK / Float.BYTES);
        results = scratch.sums() + Layouts.floats(HostScratch.zeros());
        panel = scratch.rows();
        long tileBytes = kernels.tileBytes();
        MemorySegment memory = scratch.tile(
                ByteKernels.CONSTANTS + tileBytes,
                kernels,
                fresh -> kernels.prepare(
                        fresh.asSlice(ByteKernels.CONSTANTS, tileBytes), fresh.asSlice(0, ByteKernels.CONSTANTS)));
        constants = memory.asSlice(0, ByteKernels.CONSTANTS);
        tile = memory.asSlice(ByteKernels.CONSTANTS, tileBytes);
        block = scratch.block();
        this.scratch = scratch;
        BlockReader blocks = weights.format().blockReader();
        reader = blocks == null || weights.rowStride() > LONGEST_STRIDE
                ? null
                : kernels.reader(blocks, (int) weights.rowStride());
    }

    static void apply(
            WeightMatrix weights,
            ByteKernels kernels,
            MemorySegment x,
            int batch,
            MemorySegment y,
            int rowFrom,
            int rowTo,
            HostScratch scratch) {
        try {
            Memory.target(y);
            int most = Math.min(batch, TILE_TOKENS);
            ByteLinear linear = new ByteLinear(weights, kernels, x, most, y, scratch);
            for (int token = 0; token < batch; token += most) {
                linear.multiply(token, Math.min(most, batch - token), rowFrom, rowTo);
            }
        } finally {
            Reference.reachabilityFence(scratch);
            Reference.reachabilityFence(weights);
        }
    }

    private void multiply(int token, int tokens, int rowFrom, int rowTo) {
        round(token, tokens);
        RowKernels rows = tokens == 1 ? rowKernels(rowTo - rowFrom) : null;
        if (rows != null) {
            multiply(rows, token, rowFrom, rowTo);
            return;
        }
        int step = (tokens > FEW_TOKENS ? PANELS : 1) * kernels.rows();
        for (int row = rowFrom; row < rowTo; row += step) {
            panels(token, tokens, rowFrom, row, Math.min(row + step, rowTo));
        }
    }

    /** {@return the kernels that multiply rows while they read them; null if there are none} */
    private @Nullable RowKernels rowKernels(int count) {
        BlockReader blocks = weights.format().blockReader();
        if (blocks == null || weights.rowStride() > RowKernels.LONGEST_STRIDE) {
            return null;
        }
        RowKernels rows = kernels.rows(blocks, (int) weights.rowStride(), weights.columns())
                .orElse(null);
        return rows == null || count < rows.rows() ? null : rows;
    }

    /** Multiplies rows with one token; the last panel begins earlier if need be. */
    private void multiply(RowKernels rows, int token, int rowFrom, int rowTo) {
        long to = y.address() + Layouts.floats((long) token * weights.rows());
        int most = (int) Math.max(1, CALL_BYTES / (rows.rows() * weights.rowStride()));
        int row = rowFrom;
        while (row < rowTo) {
            row = Math.min(row, rowTo - rows.rows());
            int panels = Math.min(most, (rowTo - row) / rows.rows());
            long stored = address + weights.offset(row, 0);
            rows.multiply(tile.address(), stored, inputs, to + Layouts.floats(row), panels);
            row += panels * rows.rows();
            scratch.tileDone();
        }
    }

    /** Multiplies some panels. From the second panel on, the inputs are in the second-level cache. */
    private void panels(int token, int tokens, int bandFrom, int rowFrom, int rowTo) {
        long panelResults = (long) tokens * kernels.groupStride();
        int panels = Math.ceilDiv(rowTo - rowFrom, kernels.rows());
        Memory.ALL.asSlice(results, panels * panelResults).fill((byte) 0);
        int chunk = 0;
        for (int column = 0; column < weights.columns(); column += ByteKernels.CHUNK) {
            int count = Math.min(ByteKernels.CHUNK, weights.columns() - column);
            long in = inputs + (long) chunk * tokens * ByteKernels.INPUT_CHUNK;
            for (int p = 0; p < panels; p++) {
                int row = row(p, bandFrom, rowFrom, rowTo);
                unpack(row, Math.min(kernels.rows(), rowTo - row), column, count);
                kernels.multiply(tile.address(), in, results + p * panelResults, tokens, count);
            }
            chunk++;
            scratch.tileDone();
        }
        for (int p = 0; p < panels; p++) {
            int row = row(p, bandFrom, rowFrom, rowTo);
            copy(results + p * panelResults, row, Math.min(kernels.rows(), rowTo - row), token, tokens);
        }
    }

    /**
     * {@return the first row of a panel} One at the end begins earlier if it can: rows that are computed twice have
     * the same bits.
     */
    private int row(int panel, int bandFrom, int rowFrom, int rowTo) {
        return Math.max(bandFrom, Math.min(rowFrom + panel * kernels.rows(), rowTo - kernels.rows()));
    }

    /** Rounds all inputs of a tile of tokens: all tokens' first chunk, then all tokens' next. */
    private void round(int token, int tokens) {
        long from = Memory.address(x) + Layouts.floats((long) token * weights.columns());
        for (int t = 0; t < tokens; t++) {
            long to = inputs + (long) t * ByteKernels.INPUT_CHUNK;
            for (int column = 0; column < weights.columns(); column += ByteKernels.CHUNK) {
                int count = Math.min(ByteKernels.CHUNK, weights.columns() - column);
                kernels.round(from, to, constants.address(), count / ByteKernels.BLOCK);
                from += Layouts.floats(count);
                to += (long) tokens * ByteKernels.INPUT_CHUNK;
            }
        }
    }

    /** Fills the tile. In an incomplete panel the missing rows are replaced by copies of the last one. */
    private void unpack(int row, int rows, int column, int count) {
        if (reader != null && rows == kernels.rows()) {
            long stored = address + weights.offset(row, column);
            long done = weights.offset(row, column) - weights.offset(row, 0);
            long next = address + weights.offset(row + rows, 0) + kernels.rowsPerStream() * done;
            reader.read(tile.address(), stored, count / weights.format().blockElements(), next);
            return;
        }
        for (int r = 0; r < kernels.rows(); r++) {
            long stored = address + weights.offset(row + Math.min(r, rows - 1), column);
            long numbers = panel + (long) r * ByteKernels.CHUNK;
            long scales = tile.address() + kernels.scales() + Layouts.floats(r);
            long offsets = tile.address() + kernels.offsets() + Layouts.floats(r);
            QuantTarget target = new QuantTarget(numbers, scales, offsets, kernels.groupStride());
            weights.format().read(stored, count, target, block);
        }
        kernels.interleave(tile.address(), panel, count);
    }

    private void copy(long sums, int row, int rows, int token, int tokens) {
        long to = Layouts.floats((long) token * weights.rows() + row);
        long stride = Layouts.floats(weights.rows());
        if (rows == kernels.rows()) {
            kernels.copy(y.address() + to, sums, stride, tokens);
            return;
        }
        for (int t = 0; t < tokens; t++) {
            long from = sums + (long) t * kernels.groupStride();
            MemorySegment.copy(Memory.ALL, from, y, to + t * stride, Layouts.floats(rows));
        }
    }
}
