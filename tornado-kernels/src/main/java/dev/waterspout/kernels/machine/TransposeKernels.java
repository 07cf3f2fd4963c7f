package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Transposes rows of f32, see {@link FloatTranspose}. */
public final class TransposeKernels implements MachineCode.Checked {
    /** Columns are a multiple of this. */
    public static final int COLUMNS = FloatTranspose.STEP;

    private final FloatTranspose shape;
    private final MachineCode.Function function;

    TransposeKernels(MachineCode machine, FloatTranspose shape) {
        this.shape = shape;
        function = machine.function(shape, shape::emit);
    }

    /** {@return the number that rows must be a multiple of} */
    public int rows() {
        return shape.isa().lanes();
    }

    /**
     * Transposes rows.
     *
     * @param columns address of the result's first column
     * @param rows address of the first row
     * @param columnCount number of columns, a multiple of {@value #COLUMNS}, at least that
     * @param rowCount number of rows, a multiple of {@link #rows}, at least that
     */
    public void transpose(long columns, long rows, int columnCount, int rowCount) {
        function.call(columns, rows, columnCount / COLUMNS, rowCount / rows(), 0, 0);
    }

    @Override
    public boolean works() {
        int columnCount = Math.min(2 * COLUMNS, shape.rowStride() / Float.BYTES / COLUMNS * COLUMNS);
        int rowCount = Math.min(2 * rows(), shape.columnStride() / Float.BYTES / rows() * rows());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rows = FloatKernels.numbers(arena, (long) rowCount * shape.rowStride(), 1);
            MemorySegment columns = FloatKernels.numbers(arena, (long) columnCount * shape.columnStride(), 2);
            MemorySegment expected =
                    arena.allocate(columns.byteSize(), Float.BYTES).copyFrom(columns);
            for (int r = 0; r < rowCount; r++) {
                for (int c = 0; c < columnCount; c++) {
                    float value = rows.get(Layouts.F32, (long) r * shape.rowStride() + Layouts.floats(c));
                    expected.set(Layouts.F32, (long) c * shape.columnStride() + Layouts.floats(r), value);
                }
            }
            transpose(columns.address(), rows.address(), columnCount, rowCount);
            return columns.mismatch(expected) < 0;
        }
    }

    @Override
    public String toString() {
        return shape.toString();
    }
}
