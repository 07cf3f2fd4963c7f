package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.machine.TransposeKernels;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Some keys, transposed from {@code [positions][headDim]} to {@code [headDim][WIDTH]}, so that a vector has the same
 * element of many keys: scores are then multiply-adds of vectors, and no lanes are summed. A panel stays in the
 * first-level cache while all queries meet it.
 */
final class KeyPanel {
    /** Positions of a panel; divides {@link VectorAttention#TILE}. */
    static final int WIDTH = ValueTiles.WIDE;

    private static final MemorySegment ALL = Memory.ALL;

    private final int headDim;
    private final long panel;
    private final long rest;
    private final @Nullable TransposeKernels machine;

    /**
     * Creates the panel of one attention call.
     *
     * @param headDim elements of a key
     * @param memory address of {@link #floats} floats
     * @param machine does the work where it can, or null
     */
    KeyPanel(int headDim, long memory, @Nullable MachineCode machine) {
        this.headDim = headDim;
        panel = memory;
        rest = key(memory, WIDTH);
        this.machine = machine == null || headDim % TransposeKernels.COLUMNS != 0
                ? null
                : machine.transposes(headDim * Float.BYTES, WIDTH * Float.BYTES).orElse(null);
    }

    /** {@return the size of a panel's memory} */
    static long floats(int headDim) {
        return 2L * WIDTH * headDim;
    }

    /** Address of the first row. */
    long address() {
        return panel;
    }

    /**
     * Transposes keys.
     *
     * @param keys address of the first one
     * @param count number of keys, up to {@link #WIDTH}
     */
    void fill(long keys, int count) {
        if (machine == null) {
            for (int p = 0; p < count; p++) {
                transpose(key(keys, p), panel + Layouts.floats(p));
            }
            return;
        }
        int lanes = machine.rows();
        int whole = count / lanes * lanes;
        if (whole > 0) {
            machine.transpose(panel, keys, headDim, whole);
        }
        if (whole < count) {
            // The code reads one key per lane of a vector, and the memory may end after the last key.
            MemorySegment.copy(ALL, key(keys, whole), ALL, rest, Layouts.floats((long) (count - whole) * headDim));
            machine.transpose(panel + Layouts.floats(whole), rest, headDim, lanes);
        }
    }

    private void transpose(long key, long column) {
        long from = key & Memory.MASK;
        long to = column & Memory.MASK;
        for (int d = 0; d < headDim; d++) {
            long element = d & Memory.INDEX;
            ALL.set(
                    Layouts.F32,
                    to + element * WIDTH * Float.BYTES,
                    ALL.get(Layouts.F32, from + element * Float.BYTES));
        }
    }

    /** Address of a key. */
    long key(long first, int position) {
        return first + Layouts.floats((long) position * headDim);
    }
}
