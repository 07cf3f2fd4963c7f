package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Sums the lanes of vectors in memory, see {@link LaneTotals}. */
public final class TotalKernels implements MachineCode.Checked {
    private final LaneTotals shape;
    private final MachineCode.Function function;

    TotalKernels(MachineCode machine, LaneTotals shape) {
        this.shape = shape;
        function = machine.function(shape, shape::emit);
    }

    /** {@return the number that vectors of a token must be a multiple of} */
    public int group() {
        return shape.isa().lanes();
    }

    /**
     * Sums.
     *
     * @param totals address of the first token's totals, an f32 per vector
     * @param totalStride bytes from a token's totals to the next one's
     * @param vectors address of the first token's vectors, which are overwritten
     * @param vectorStride bytes from a token's vectors to the next one's
     * @param count number of a token's vectors, a multiple of {@link #group}, at least that
     * @param tokens number of tokens, at least 1
     */
    public void sum(long totals, long totalStride, long vectors, long vectorStride, int count, int tokens) {
        function.call(totals, vectors, count / group(), tokens, totalStride, vectorStride);
    }

    @Override
    public boolean works() {
        int lanes = shape.lanes();
        int count = 2 * group();
        int tokens = 2;
        try (Arena arena = Arena.ofConfined()) {
            long stride = Layouts.floats((long) (count + 1) * lanes);
            MemorySegment vectors = FloatKernels.numbers(arena, tokens * stride, 1);
            MemorySegment totals = arena.allocate(Layouts.floats((long) tokens * count), Float.BYTES);
            float[] expected = new float[tokens * count];
            float[] values = new float[lanes];
            for (int i = 0; i < expected.length; i++) {
                long from = i / count * stride + Layouts.floats((long) i % count * lanes);
                MemorySegment.copy(vectors, Layouts.F32, from, values, 0, lanes);
                expected[i] = LaneTotals.define(values);
            }
            sum(totals.address(), Layouts.floats(count), vectors.address(), stride, count, tokens);
            return totals.mismatch(MemorySegment.ofArray(expected)) < 0;
        }
    }

    @Override
    public String toString() {
        return shape.toString();
    }
}
