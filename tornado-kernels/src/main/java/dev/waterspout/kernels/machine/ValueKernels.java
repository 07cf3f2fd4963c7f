package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Weighted sums of rows in f32, see {@link ValueTile}. */
public final class ValueKernels implements MachineCode.Checked {
    /** Number of rows in the comparison with the definition. */
    private static final int ROWS = 5;

    private static final int GROUPS = 2;

    private final ValueTile shape;
    private final MachineCode.Function function;

    ValueKernels(MachineCode machine, ValueTile shape) {
        this.shape = shape;
        function = machine.function(shape, shape::emit);
    }

    /**
     * Adds weighted rows to the sums of some groups of units; the shape gives the number of units in a group.
     *
     * @param values address of the first row
     * @param weights address of the first unit's weights
     * @param sums address of the first unit's sums
     * @param rows number of rows, at least 1
     * @param groups number of groups, at least 1
     */
    public void add(long values, long weights, long sums, int rows, int groups) {
        function.call(values, weights, sums, rows, groups, 0);
    }

    @Override
    public boolean works() {
        int width = shape.vectors() * shape.bits() / Float.SIZE;
        int units = GROUPS * shape.units();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values =
                    FloatKernels.numbers(arena, (ROWS - 1L) * shape.valueStride() + Layouts.floats(width), 1);
            long weightBytes = (units - 1L) * shape.weightStride() + Layouts.floats(ROWS);
            MemorySegment weights = FloatKernels.numbers(arena, weightBytes, 2);
            MemorySegment sums =
                    FloatKernels.numbers(arena, (units - 1L) * shape.sumStride() + Layouts.floats(width), 3);
            MemorySegment expected = arena.allocate(sums.byteSize(), 64).copyFrom(sums);
            for (int u = 0; u < units; u++) {
                for (int i = 0; i < width; i++) {
                    long at = (long) u * shape.sumStride() + Layouts.floats(i);
                    float sum = expected.get(Layouts.F32, at);
                    for (int p = 0; p < ROWS; p++) {
                        float weight = weights.get(Layouts.F32, (long) u * shape.weightStride() + Layouts.floats(p));
                        float value = values.get(Layouts.F32, (long) p * shape.valueStride() + Layouts.floats(i));
                        sum = Math.fma(weight, value, sum);
                    }
                    expected.set(Layouts.F32, at, sum);
                }
            }
            add(values.address(), weights.address(), sums.address(), ROWS, GROUPS);
            return sums.mismatch(expected) < 0;
        }
    }

    @Override
    public String toString() {
        return shape.toString();
    }
}
