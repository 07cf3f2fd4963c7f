package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/** Decoding and summing one element at a time, for all formats: the loops of the references. */
final class ScalarLoops {
    private ScalarLoops() {}

    /** A format's packed elements. */
    @FunctionalInterface
    interface Elements {
        /** {@return the decoded element of a packed partial} */
        float value(MemorySegment packed, int row, int column);
    }

    static void decode(Elements elements, MemorySegment packed, int rows, int columns, MemorySegment target) {
        Shapes.checkPlain("target", target, rows, columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                target.set(Layouts.F32, offset(row, column, columns), elements.value(packed, row, column));
            }
        }
    }

    static void decodeSum(
            Elements elements, MemorySegment[] packets, int rows, int columns, MemorySegment residual, int stride) {
        Shapes.checkStrided("residual", residual, rows, columns, stride);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                float sum = elements.value(packets[0], row, column);
                for (int rank = 1; rank < packets.length; rank++) {
                    sum += elements.value(packets[rank], row, column);
                }
                long at = offset(row, column, stride);
                residual.set(Layouts.F32, at, sum + residual.get(Layouts.F32, at));
            }
        }
    }

    /** {@return the offset in bytes of an element of f32 rows that lie stride elements apart} */
    static long offset(int row, int column, int stride) {
        return ((long) row * stride + column) * Float.BYTES;
    }
}
