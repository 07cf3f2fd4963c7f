package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The rotary embedding of heads, see {@link RotaryTile}. */
public final class RotaryKernels implements MachineCode.Checked {
    /** Heads of the comparison with the definition. */
    private static final int HEADS = 2;

    private final RotaryTile shape;
    private final MachineCode.Function function;

    RotaryKernels(MachineCode machine, RotaryTile shape) {
        this.shape = shape;
        function = machine.function(shape, shape::emit);
    }

    /**
     * Rotates heads in place.
     *
     * @param heads address of the first head
     * @param cosines address of the cosines of a head's elements
     * @param sines address of the sines, each with the sign that its element needs
     * @param count number of heads, at least 1
     */
    public void apply(long heads, long cosines, long sines, int count) {
        function.call(heads, cosines, sines, count, 0, 0);
    }

    @Override
    public boolean works() {
        int elements = shape.elements();
        long head = Layouts.floats(elements);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = FloatKernels.numbers(arena, (HEADS - 1L) * shape.stride() + head, 1);
            MemorySegment cosines = FloatKernels.numbers(arena, head, 2);
            MemorySegment sines = FloatKernels.numbers(arena, head, 3);
            MemorySegment expected = arena.allocate(x.byteSize(), 64).copyFrom(x);
            for (int h = 0; h < HEADS; h++) {
                for (int i = 0; i < elements; i++) {
                    int partner = shape.adjacent() ? i ^ 1 : (i + elements / 2) % elements;
                    long from = (long) h * shape.stride();
                    float turned =
                            x.get(Layouts.F32, from + Layouts.floats(partner)) * sines.getAtIndex(Layouts.F32, i);
                    float value = x.get(Layouts.F32, from + Layouts.floats(i));
                    expected.set(
                            Layouts.F32,
                            from + Layouts.floats(i),
                            Math.fma(value, cosines.getAtIndex(Layouts.F32, i), turned));
                }
            }
            apply(x.address(), cosines.address(), sines.address(), HEADS);
            return x.mismatch(expected) < 0;
        }
    }

    @Override
    public String toString() {
        return shape.toString();
    }
}
