package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/**
 * Elements that lie next to each other in a partial, on their way between f32 and a format without blocks, in arrays
 * that the first-level cache holds.
 */
final class PlainRun {
    /** Most elements of a run. */
    static final int ELEMENTS = 1024;

    /** Number of elements past the last one that vectors may read and write: the lanes of the longest vector. */
    private static final int SLACK = 16;

    final float[] values;
    /** The summand of the values, as f32. */
    final float[] floats;

    final short[] halves;

    /** Whether elements that are read are added to the values, or replace them. */
    boolean adds;

    /** Where packed elements are read or written. */
    MemorySegment packed = MemorySegment.NULL;

    /** Packed elements are f32. */
    private final boolean wide;

    private final long size;
    private final long stride;
    private final long end;
    private long row;
    private long column;
    private int count;

    /** Before the first run of some rows: those without gaps count as one long row. */
    PlainRun(PlainFormat format, int rows, int columns, int stride) {
        boolean dense = stride == columns;
        this.size = dense ? (long) rows * columns : columns;
        this.stride = dense ? size : stride;
        this.end = dense ? Math.min(rows, 1) : rows;
        int most = (int) Math.min(ELEMENTS, size) + SLACK;
        wide = format == PlainFormat.F32;
        values = new float[most];
        floats = new float[wide ? most : 0];
        halves = new short[wide ? 0 : most];
    }

    /** Moves to the next run, in the order of memory. {@return false if there was no further run} */
    boolean next() {
        column += count;
        if (column == size) {
            row++;
            column = 0;
        }
        count = (int) Math.min(ELEMENTS, size - column);
        return row < end;
    }

    /** {@return the elements of this run} */
    int count() {
        return count;
    }

    private long plainOffset() {
        return (row * stride + column) * Float.BYTES;
    }

    private long packedIndex() {
        return row * size + column;
    }

    void readPlain(MemorySegment from) {
        MemorySegment.copy(from, Layouts.F32, plainOffset(), values, 0, count);
    }

    void writePlain(MemorySegment to) {
        MemorySegment.copy(values, 0, to, Layouts.F32, plainOffset(), count);
    }

    void addTo(MemorySegment residual) {
        Residual.add(values, count, residual, plainOffset());
    }

    /**
     * Reads packed elements without conversion. For f32 they become the values, unless they are added to the values.
     */
    void readPacked() {
        if (wide) {
            MemorySegment.copy(packed, Layouts.F32, packedIndex() * Float.BYTES, adds ? floats : values, 0, count);
        } else {
            MemorySegment.copy(packed, Layouts.I16, packedIndex() * Short.BYTES, halves, 0, count);
        }
    }

    /** Writes packed elements without conversion; for f32 these are the values. */
    void writePacked() {
        if (wide) {
            MemorySegment.copy(values, 0, packed, Layouts.F32, packedIndex() * Float.BYTES, count);
        } else {
            MemorySegment.copy(halves, 0, packed, Layouts.I16, packedIndex() * Short.BYTES, count);
        }
    }
}
