package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;

/** Checks that both implementations share. */
public final class Arguments {
    private Arguments() {}

    public static void checkFloats(String name, MemorySegment segment, long floats) {
        if (floats > segment.byteSize() / Float.BYTES) {
            throw new IllegalArgumentException(
                    name + " of " + segment.byteSize() + " bytes is too small for " + floats + " f32 values");
        }
    }

    public static void checkRange(String name, int from, int to, int size) {
        if (from < 0 || from > to || to > size) {
            throw new IllegalArgumentException(name + " [" + from + ", " + to + ") must lie in [0, " + size + ")");
        }
    }

    private static void checkAtLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + "=" + value + ": must be at least 1");
        }
    }

    public static void checkLinear(WeightMatrix weights, MemorySegment x, int batch, MemorySegment y) {
        checkAtLeastOne("batch", batch);
        checkFloats("x", x, (long) batch * weights.columns());
        checkFloats("y", y, (long) batch * weights.rows());
    }

    public static void checkEmbed(WeightMatrix table, int row, MemorySegment target, long targetOffset) {
        if (row < 0 || row >= table.rows()) {
            throw new IllegalArgumentException("row=" + row + ": the table has " + table.rows());
        }
        if (targetOffset < 0 || targetOffset > target.byteSize() - Layouts.floats(table.columns())) {
            throw new IllegalArgumentException("targetOffset=" + targetOffset + ": the target of " + target.byteSize()
                    + " bytes has no room for " + table.columns() + " f32 values there");
        }
    }

    /** Checks a call that processes rows [rowFrom, rowTo) of a row-major matrix. */
    public static void checkRows(MemorySegment matrix, int width, int rowFrom, int rowTo) {
        checkAtLeastOne("width", width);
        checkRange("rows", rowFrom, rowTo, Integer.MAX_VALUE);
        checkFloats("rows", matrix, (long) rowTo * width);
    }

    public static void checkElements(MemorySegment first, MemorySegment second, int from, int to) {
        checkRange("elements", from, to, Integer.MAX_VALUE);
        checkFloats("first operand", first, to);
        checkFloats("second operand", second, to);
    }

    public static void checkElements(MemorySegment x, int from, int to) {
        checkRange("elements", from, to, Integer.MAX_VALUE);
        checkFloats("x", x, to);
    }

    public static void checkLayerNorm(
            MemorySegment x, HostKernels.LayerNorm norm, MemorySegment y, int width, int rowFrom, int rowTo) {
        checkRows(x, width, rowFrom, rowTo);
        checkRows(y, width, rowFrom, rowTo);
        checkFloats("weight", norm.weight(), width);
        if (norm.bias() != null) {
            checkFloats("bias", norm.bias(), width);
        }
    }

    public static void checkRope(
            RotaryTable table, int tableRow, MemorySegment x, HeadShape heads, int rowFrom, int rowTo) {
        checkRange("rows", rowFrom, rowTo, Integer.MAX_VALUE);
        if (table.ropeDim() > heads.headDim()) {
            throw new IllegalArgumentException(
                    "ropeDim=" + table.ropeDim() + ": must not exceed headDim=" + heads.headDim());
        }
        if (tableRow < 0 || (long) tableRow + rowTo > table.rows()) {
            throw new IllegalArgumentException(
                    "tableRow=" + tableRow + " rowTo=" + rowTo + ": the rotary table has " + table.rows() + " rows");
        }
        checkFloats("x", x, (long) rowTo * heads.width());
    }
}
