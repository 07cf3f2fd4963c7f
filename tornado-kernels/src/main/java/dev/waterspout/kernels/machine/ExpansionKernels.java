package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Expands rows of stored floats to f32, see {@link FloatExpansion}. */
public final class ExpansionKernels implements MachineCode.Checked {
    private final FloatExpansion shape;
    private final MachineCode.Function function;

    ExpansionKernels(MachineCode machine, FloatExpansion shape) {
        this.shape = shape;
        function = machine.function(shape, shape::emit);
    }

    /**
     * Expands rows.
     *
     * @param floats address of the first row of floats
     * @param stored address of the first stored row
     * @param storedStride bytes from a stored row to the next
     * @param rows number of rows, at least 1
     * @param columns number of columns, a multiple of the lanes and at least one vector
     */
    public void expand(long floats, long stored, long storedStride, int rows, int columns) {
        function.call(floats, stored, storedStride, rows, columns / shape.lanes(), 0);
    }

    @Override
    public boolean works() {
        int rows = 2;
        int columns = 2 * shape.lanes();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stored =
                    arena.allocate((long) rows * (columns + 1) * shape.storage().bytes(), 64);
            MemorySegment floats =
                    FloatKernels.numbers(arena, (rows - 1L) * shape.targetStride() + Layouts.floats(columns), 1);
            MemorySegment expected =
                    arena.allocate(floats.byteSize(), Float.BYTES).copyFrom(floats);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    int bits = shape.storage().encode((c - columns / 2 - 0.3f * r) * 0x1p-16f);
                    shape.storage().put(stored, (long) r * (columns + 1) + c, bits);
                    expected.set(
                            Layouts.F32,
                            (long) r * shape.targetStride() + Layouts.floats(c),
                            shape.storage().decode(bits));
                }
            }
            long stride = (columns + 1L) * shape.storage().bytes();
            expand(floats.address(), stored.address(), stride, rows, columns);
            return floats.mismatch(expected) < 0;
        }
    }

    @Override
    public String toString() {
        return shape.toString();
    }
}
