package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Exponential;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The gate of feed-forward networks, see {@link SwigluTile}. */
public final class SwigluKernels implements MachineCode.Checked {
    /** Elements are a multiple of this. */
    public static final int LANES = SwigluTile.LANES;

    /** Elements of a call: it takes some microseconds. */
    private static final int CALL = 16 << 10;

    private final MachineCode.Function function;
    private final MemorySegment constants = ExponentialTile.constants();

    SwigluKernels(MachineCode machine) {
        SwigluTile shape = new SwigluTile();
        function = machine.function(shape, shape::emit);
    }

    /**
     * Gates elements.
     *
     * @param gate address of the gates, which are overwritten
     * @param up address of the other factors
     * @param count number of elements, a multiple of {@value #LANES}
     */
    public void apply(long gate, long up, int count) {
        for (int i = 0; i < count; i += CALL) {
            long offset = Layouts.floats(i);
            int vectors = Math.min(CALL, count - i) / LANES;
            function.call(gate + offset, constants.address(), up + offset, vectors, 0, 0);
        }
    }

    @Override
    public boolean works() {
        float[] numbers = ExponentialKernels.NUMBERS;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment gate = arena.allocate(Layouts.floats(numbers.length), Memory.LINE);
            MemorySegment up = FloatKernels.numbers(arena, gate.byteSize(), 1);
            for (int i = 0; i < numbers.length; i++) {
                gate.setAtIndex(Layouts.F32, i, numbers[i]);
            }
            apply(gate.address(), up.address(), numbers.length);
            for (int i = 0; i < numbers.length; i++) {
                float expected = numbers[i] / (Exponential.of(-numbers[i]) + 1) * up.getAtIndex(Layouts.F32, i);
                if (Float.compare(gate.getAtIndex(Layouts.F32, i), expected) != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    @Override
    public String toString() {
        return "SwiGLU";
    }
}
