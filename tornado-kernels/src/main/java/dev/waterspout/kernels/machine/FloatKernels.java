package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Dot products in f32 for any number of tokens, see {@link FloatTile}. */
public final class FloatKernels implements MachineCode.Checked {
    private final FloatTile shape;
    /** The function for a number of tokens. */
    private final MachineCode.Function[] functions;

    FloatKernels(MachineCode machine, FloatTile shape) {
        this.shape = shape;
        functions = new MachineCode.Function[FloatTile.mostTokens(shape.bits()) + 1];
        for (int tokens = 1; tokens < functions.length; tokens++) {
            FloatTile tile = shape.withTokens(tokens);
            functions[tokens] = machine.function(tile, tile::emit);
        }
    }

    /**
     * Multiplies all rows with some tokens' inputs.
     *
     * @param rows address of the weights
     * @param inputs address of the first token's inputs
     * @param sums address of the first token's sums
     * @param tokens number of tokens, at least 1
     * @param columns number of columns, a multiple of the lanes and at least one vector
     */
    public void multiply(long rows, long inputs, long sums, int tokens, int columns) {
        int most = functions.length - 1;
        int groups = tokens / most;
        long vectors = columns / (shape.bits() / Float.SIZE);
        if (groups > 0) {
            functions[most].call(rows, inputs, sums, groups, vectors, 0);
        }
        int rest = tokens - groups * most;
        if (rest > 0) {
            long done = (long) groups * most;
            long x = inputs + done * shape.inputStride();
            functions[rest].call(rows, x, sums + done * shape.sumInputStride(), 1, vectors, 0);
        }
    }

    @Override
    public boolean works() {
        int lanes = shape.bits() / Float.SIZE;
        int columns = 3 * lanes;
        int tokens = functions.length;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment w = numbers(arena, size(shape.rows(), shape.rowStride(), 1, 0, columns), 1);
            MemorySegment x = numbers(arena, size(tokens, shape.inputStride(), 1, 0, columns), 2);
            MemorySegment y =
                    numbers(arena, size(tokens, shape.sumInputStride(), shape.rows(), shape.sumRowStride(), lanes), 3);
            MemorySegment expected = arena.allocate(y.byteSize(), 64).copyFrom(y);
            for (int t = 0; t < tokens; t++) {
                for (int r = 0; r < shape.rows(); r++) {
                    define(w, x, expected, r, t, columns);
                }
            }
            multiply(w.address(), x.address(), y.address(), tokens, columns);
            return y.mismatch(expected) < 0;
        }
    }

    private static long size(long count, long stride, long others, long otherStride, long floats) {
        return (count - 1) * stride + (others - 1) * otherStride + Layouts.floats(floats);
    }

    /** {@return memory filled with numbers between -1 and 1} */
    static MemorySegment numbers(Arena arena, long bytes, int seed) {
        MemorySegment floats = arena.allocate(bytes, 64);
        int value = seed;
        for (long i = 0; i < floats.byteSize(); i += Float.BYTES) {
            value = value * 1103515245 + 12345;
            floats.set(Layouts.F32, i, (value >> 16) * 0x1p-15f);
        }
        return floats;
    }

    private void define(MemorySegment w, MemorySegment x, MemorySegment y, int row, int token, int columns) {
        int lanes = shape.bits() / Float.SIZE;
        for (int lane = 0; lane < lanes; lane++) {
            long at = (long) token * shape.sumInputStride() + (long) row * shape.sumRowStride() + Layouts.floats(lane);
            float sum = shape.fresh() ? 0 : y.get(Layouts.F32, at);
            for (int c = lane; c < columns; c += lanes) {
                float weight = w.get(Layouts.F32, (long) row * shape.rowStride() + Layouts.floats(c));
                float input = x.get(Layouts.F32, (long) token * shape.inputStride() + Layouts.floats(c));
                sum = Math.fma(weight, input, sum);
            }
            y.set(Layouts.F32, at, sum);
        }
    }

    @Override
    public String toString() {
        return shape.toString();
    }
}
