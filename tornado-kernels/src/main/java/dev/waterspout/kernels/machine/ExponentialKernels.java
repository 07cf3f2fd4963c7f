package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Exponential;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Exponentials and their sums, see {@link ExponentialTile}. */
public final class ExponentialKernels implements MachineCode.Checked {
    /** Inputs of the comparison with the definition: ordinary numbers, both ends of the range, infinities and NaN. */
    static final float[] NUMBERS = {
        0,
        -0.1f,
        -0.7f,
        -1,
        -10.25f,
        -86.4f,
        -86.6f,
        -1e30f,
        Float.NEGATIVE_INFINITY,
        3,
        80,
        88,
        89.5f,
        Float.POSITIVE_INFINITY,
        Float.NaN,
        -33
    };

    private final ExponentialTile shape;
    private final MachineCode.Function function;
    private final MemorySegment constants = ExponentialTile.constants();

    ExponentialKernels(MachineCode machine, ExponentialTile shape) {
        this.shape = shape;
        function = machine.function(shape, shape::emit);
    }

    /**
     * Replaces numbers by {@code exp(x - largest)}.
     *
     * @param numbers address of the first one
     * @param largest address of an f32
     * @param sums address that receives the sums of the results of each lane
     * @param vectors number of vectors, at least 1
     */
    public void apply(long numbers, long largest, long sums, int vectors) {
        function.call(numbers, constants.address(), largest, sums, vectors, 0);
    }

    @Override
    public boolean works() {
        int count = NUMBERS.length;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Layouts.floats(count + shape.lanes() + 1L), Memory.LINE);
            MemorySegment expected = arena.allocate(memory.byteSize(), Memory.LINE);
            float largest = 0.5f;
            for (int i = 0; i < count; i++) {
                float number = NUMBERS[i];
                float power = Exponential.of(number - largest);
                memory.setAtIndex(Layouts.F32, i, number);
                expected.setAtIndex(Layouts.F32, i, power);
                int sum = count + i % shape.lanes();
                expected.setAtIndex(Layouts.F32, sum, expected.getAtIndex(Layouts.F32, sum) + power);
            }
            memory.setAtIndex(Layouts.F32, count + shape.lanes(), largest);
            long sums = memory.address() + Layouts.floats(count);
            apply(memory.address(), sums + Layouts.floats(shape.lanes()), sums, count / shape.lanes());
            for (int i = 0; i < count + shape.lanes(); i++) {
                if (Float.compare(memory.getAtIndex(Layouts.F32, i), expected.getAtIndex(Layouts.F32, i)) != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    @Override
    public String toString() {
        return shape.toString();
    }
}
