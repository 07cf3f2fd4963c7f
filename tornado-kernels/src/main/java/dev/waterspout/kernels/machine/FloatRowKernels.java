package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Products of rows of stored floats with few tokens' inputs in f32, see {@link FloatRows}. */
public final class FloatRowKernels implements MachineCode.Checked {
    /** The most tokens. */
    public static final int MOST_TOKENS = FloatRows.MOST_TOKENS;

    /** Bytes of the longest rows: the distances of two panels' rows fit into an instruction. */
    public static final int LONGEST_STRIDE = 1 << 25;

    private final FloatRows shape;
    private final MachineCode.Function function;

    FloatRowKernels(MachineCode machine, FloatRows shape) {
        this.shape = shape;
        function = machine.function(shape, shape::emit);
    }

    /** {@return the rows of a panel} */
    public int rows() {
        return shape.isa().lanes();
    }

    /**
     * Multiplies.
     *
     * @param sums address of scratch memory: a vector of partial sums for each row of a panel and each token
     * @param weights address of the first row
     * @param inputs address of the first token's inputs; the next token's follow
     * @param results address of the first token's results, an f32 per row
     * @param panels number of panels, at least 1
     * @param resultStride bytes from a token's results to the next one's
     */
    public void multiply(long sums, long weights, long inputs, long results, int panels, long resultStride) {
        function.call(sums, weights, inputs, results, panels, resultStride);
    }

    /** The second panel has the rows of the first one, shifted by one, so that its results follow from the others. */
    @Override
    public boolean works() {
        int rows = 2 * rows();
        int columns = shape.columns();
        try (Arena arena = Arena.ofConfined()) {
            float[] x = numbers(shape.tokens() * columns, 1);
            MemorySegment inputs = arena.allocate(Layouts.floats(x.length), Float.BYTES);
            inputs.copyFrom(MemorySegment.ofArray(x));
            MemorySegment weights = arena.allocate((long) rows * shape.rowStride(), Memory.LINE);
            float[] expected = new float[shape.tokens() * rows];
            for (int row = 0; row < rows(); row++) {
                float[] w = numbers(columns, row);
                store(w, weights.asSlice((long) row * shape.rowStride()));
                int again = rows() + (row + 1) % rows();
                store(w, weights.asSlice((long) again * shape.rowStride()));
                for (int t = 0; t < shape.tokens(); t++) {
                    float sum = define(w, x, t * columns);
                    expected[t * rows + row] = sum;
                    expected[t * rows + again] = sum;
                }
            }
            MemorySegment sums = arena.allocate(shape.sumBytes(), Memory.LINE);
            MemorySegment results = arena.allocate(Layouts.floats(expected.length), Float.BYTES);
            multiply(sums.address(), weights.address(), inputs.address(), results.address(), 2, Layouts.floats(rows));
            return results.mismatch(MemorySegment.ofArray(expected)) < 0;
        }
    }

    /** {@return numbers between -1 and 1} */
    private static float[] numbers(int count, int seed) {
        float[] numbers = new float[count];
        int value = seed;
        for (int i = 0; i < count; i++) {
            value = value * 1103515245 + 12345;
            numbers[i] = (value >> 16) * 0x1p-15f;
        }
        return numbers;
    }

    /** Stores a row; its floats become those that are stored. */
    private void store(float[] row, MemorySegment to) {
        FloatStorage storage = shape.storage();
        if (storage == FloatStorage.F32) {
            MemorySegment.copy(row, 0, to, Layouts.F32, 0, row.length);
            return;
        }
        short[] stored = new short[row.length];
        for (int i = 0; i < row.length; i++) {
            stored[i] = (short) storage.encode(row[i]);
            row[i] = storage.decode(stored[i]);
        }
        MemorySegment.copy(stored, 0, to, Layouts.I16, 0, stored.length);
    }

    private float define(float[] weights, float[] inputs, int from) {
        float[] sums = new float[shape.lanes()];
        for (int c = 0; c < weights.length; c++) {
            int lane = c % sums.length;
            sums[lane] = Math.fma(weights[c], inputs[from + c], sums[lane]);
        }
        return LaneTotals.define(sums);
    }

    @Override
    public String toString() {
        return shape.toString();
    }
}
