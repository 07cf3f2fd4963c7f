package dev.waterspout.kernels.host;

import dev.waterspout.kernels.machine.FloatRowKernels;
import dev.waterspout.kernels.machine.FloatStorage;
import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Matrix product of weights stored as floats with few tokens, in machine code, see {@link FloatRowKernels}. The bits
 * are those of {@link VectorLinear}.
 */
final class FloatRowLinear {
    /** Bytes of weights of a call: the JVM waits for it at a safepoint. */
    private static final int CALL_BYTES = 128 << 10;

    private FloatRowLinear() {}

    /**
     * Multiplies if there is machine code for the product.
     *
     * @return whether there is; otherwise nothing has been done
     */
    static boolean apply(
            WeightMatrix weights,
            MemorySegment x,
            int batch,
            MemorySegment y,
            int rowFrom,
            int rowTo,
            HostScratch scratch,
            MachineCode machine) {
        FloatStorage floats = weights.format().floats();
        if (floats == null) {
            return false;
        }
        FloatRowKernels kernels = machine.floatRows(floats, Lanes.COUNT, batch, weights.rowStride(), weights.columns())
                .orElse(null);
        if (kernels == null || rowTo - rowFrom < kernels.rows()) {
            return false;
        }
        try {
            multiply(kernels, weights, Memory.address(x), Memory.target(y), rowFrom, rowTo, scratch);
        } finally {
            Reference.reachabilityFence(scratch);
        }
        return true;
    }

    /** Multiplies panel by panel; the last one begins earlier if need be. */
    private static void multiply(
            FloatRowKernels kernels,
            WeightMatrix weights,
            long inputs,
            long outputs,
            int rowFrom,
            int rowTo,
            HostScratch scratch) {
        long address = Memory.address(weights.data());
        long sums = scratch.sums() + Layouts.floats(HostScratch.zeros());
        int most = (int) Math.max(1, CALL_BYTES / (kernels.rows() * weights.rowStride()));
        int row = rowFrom;
        while (row < rowTo) {
            row = Math.min(row, rowTo - kernels.rows());
            int panels = Math.min(most, (rowTo - row) / kernels.rows());
            long stored = address + weights.offset(row, 0);
            kernels.multiply(
                    sums, stored, inputs, outputs + Layouts.floats(row), panels, Layouts.floats(weights.rows()));
            row += panels * kernels.rows();
            scratch.tileDone();
        }
    }
}
