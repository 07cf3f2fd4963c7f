package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Scratch arrays for a run of columns of one row, between f32 and packed codes. A run has whole blocks, or ends with
 * the short block at the end of the row. The arrays fit in the L1 cache.
 */
final class MxChunk {
    /** Most columns of a run. Eight blocks of the largest size, so that a run's scales fill whole bytes, too. */
    static final int COLUMNS = 8 * MxFormat.MAX_BLOCK;

    /** Entries past the last that vectors may read and write: four of the longest. */
    private static final int SLACK = 4 * 16;

    final float[] values;
    /** Magnitudes as f32 bits; the reduction leaves the largest of each block here. */
    final int[] largest;
    /** Per block: the f32 exponent field, in place, of the smallest value with a normal code. */
    final int[] minFields;

    final int[] scaleCodes;
    final float[] scales;
    /** Codes, one per byte. */
    final byte[] codes;

    final byte[] packed;
    final byte[] packedScales;

    /** Whether decoded values are added to {@link #values}, or replace them. */
    boolean adds;

    private final MxLayout layout;
    private final MxFormat format;
    private final int rows;
    private int row;
    private int column;
    private int count;

    private MxChunk(MxFormat format, int rows, int columns, boolean encodes) {
        this.format = format;
        this.rows = rows;
        this.layout = new MxLayout(format, columns);
        int blockColumns = Math.ceilDiv(columns, format.block()) * format.block();
        int most = Math.min(COLUMNS, blockColumns) + SLACK;
        int blocks = most / format.block() + SLACK;
        int bits = format.element().bits();
        values = new float[most];
        largest = new int[encodes ? most : 0];
        minFields = new int[encodes ? blocks : 0];
        scaleCodes = new int[encodes ? blocks : 0];
        scales = new float[blocks];
        codes = new byte[MxLanes.takePacked(bits) ? 0 : most];
        packed = new byte[(int) PackedBits.bytes(most, bits)];
        packedScales = new byte[(int) PackedBits.bytes(blocks, format.scale().bits())];
    }

    /** {@return scratch that takes values and codes, before the first run of some rows} */
    static MxChunk forEncoding(MxFormat format, int rows, int columns) {
        return new MxChunk(format, rows, columns, true);
    }

    /** {@return scratch for codes only, before the first run of some rows} */
    static MxChunk forDecoding(MxFormat format, int rows, int columns) {
        return new MxChunk(format, rows, columns, false);
    }

    /** Moves to the next run, in the order of memory. {@return false if there was no further run} */
    boolean next() {
        column += count;
        if (column == layout.columns()) {
            row++;
            column = 0;
        }
        count = Math.min(COLUMNS, layout.columns() - column);
        return row < rows;
    }

    /** {@return the columns of this run} */
    int count() {
        return count;
    }

    /** {@return the blocks of this run, the last of which may be short} */
    int blocks() {
        return Math.ceilDiv(count, format.block());
    }

    /** {@return the offset in bytes of this run in an f32 partial whose rows are this many elements apart} */
    long offset(int stride) {
        return ((long) row * stride + column) * Float.BYTES;
    }

    /** Reads the scales and codes of this run. */
    void readPacked(MemorySegment from) {
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, scaleOffset(), packedScales, 0, scaleBytes());
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, elementOffset(), packed, 0, elementBytes());
    }

    /** Writes the scales and codes of this run. */
    void writePacked(MemorySegment to) {
        MemorySegment.copy(packedScales, 0, to, ValueLayout.JAVA_BYTE, scaleOffset(), scaleBytes());
        MemorySegment.copy(packed, 0, to, ValueLayout.JAVA_BYTE, elementOffset(), elementBytes());
    }

    private int scaleBytes() {
        return (int) PackedBits.bytes(blocks(), format.scale().bits());
    }

    private int elementBytes() {
        return (int) PackedBits.bytes(count, format.element().bits());
    }

    private long scaleOffset() {
        return layout.scaleOffset(row)
                + PackedBits.bytes(column / format.block(), format.scale().bits());
    }

    private long elementOffset() {
        return layout.elementOffset(row)
                + PackedBits.bytes(column, format.element().bits());
    }
}
