package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Compares {@link RowKernels} with {@link ByteKernels}: a tile's rows of pseudo-random blocks. */
final class RowKernelsCheck {
    /** Bytes of the pattern that blocks are filled with: a prime, so that rows differ. */
    private static final int PATTERN = 509;

    /** Inputs that repeat. */
    private static final int INPUTS = 127;

    /** Bits of a byte that are all set in infinities and in numbers that are none, of 16 bits. */
    private static final int EXPONENT = 0x7c;

    private final RowKernels rowKernels;
    private final ByteKernels kernels;
    private final RowProducts shape;
    private final int columns;
    private int random = 11;

    RowKernelsCheck(RowKernels rowKernels, ByteKernels kernels, RowProducts shape) {
        this.rowKernels = rowKernels;
        this.kernels = kernels;
        this.shape = shape;
        columns = shape.blocks() * shape.block().blockElements();
    }

    boolean passes() {
        try (Arena arena = Arena.ofConfined()) {
            int rows = kernels.rows();
            MemorySegment weights = arena.allocate((long) rows * shape.rowStride(), 64);
            fill(weights);
            MemorySegment tile = arena.allocate(kernels.tileBytes(), 64);
            MemorySegment constants = arena.allocate(ByteKernels.CONSTANTS, 64);
            kernels.prepare(tile, constants);
            MemorySegment x = arena.allocate(Layouts.floats(columns), 64);
            for (int i = 0; i < Math.min(INPUTS, columns); i++) {
                x.setAtIndex(Layouts.F32, i, next() * 0x1p-24f);
            }
            repeat(x, Layouts.floats(INPUTS));
            int blocks = columns / ByteKernels.BLOCK;
            MemorySegment inputs = arena.allocate((long) blocks * ByteLayout.INPUT_BLOCK, 64);
            kernels.round(x.address(), inputs.address(), constants.address(), blocks);
            MemorySegment expected = arena.allocate(Layouts.floats(rows), 64);
            MemorySegment actual = arena.allocate(Layouts.floats(rows), 64);
            byTiles(weights, tile, inputs, expected);
            rowKernels.multiply(
                    tile.address(), weights.address(), inputs.address(), actual.address(), rows / rowKernels.rows());
            for (int row = 0; row < rows; row++) {
                float result = actual.getAtIndex(Layouts.F32, row);
                if (Float.floatToIntBits(result) != Float.floatToIntBits(expected.getAtIndex(Layouts.F32, row))) {
                    return false;
                }
            }
            return true;
        }
    }

    private void byTiles(MemorySegment weights, MemorySegment tile, MemorySegment inputs, MemorySegment results) {
        BlockReader block = shape.block();
        ByteKernels.Reader reader = kernels.reader(block, shape.rowStride());
        for (int column = 0; column < columns; column += ByteKernels.CHUNK) {
            int count = Math.min(ByteKernels.CHUNK, columns - column);
            long chunk = weights.address() + (long) (column / block.blockElements()) * block.blockBytes();
            reader.read(tile.address(), chunk, count / block.blockElements(), chunk);
            long in = inputs.address() + (long) (column / ByteKernels.BLOCK) * ByteLayout.INPUT_BLOCK;
            kernels.multiply(tile.address(), in, results.address(), 1, count);
        }
    }

    private void fill(MemorySegment weights) {
        for (int i = 0; i < Math.min(PATTERN, weights.byteSize()); i++) {
            int value = next();
            weights.set(Layouts.I8, i, (byte) ((value & EXPONENT) == EXPONENT ? value & ~EXPONENT : value));
        }
        repeat(weights, PATTERN);
    }

    /** Fills a segment with its beginning. */
    private static void repeat(MemorySegment segment, long bytes) {
        for (long at = bytes; at < segment.byteSize(); at += bytes) {
            MemorySegment.copy(segment, 0, segment, at, Math.min(bytes, segment.byteSize() - at));
        }
    }

    private int next() {
        random = random * 1103515245 + 12345;
        return random >> 8;
    }
}
