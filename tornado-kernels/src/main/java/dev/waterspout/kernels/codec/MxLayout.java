package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where each scale and element of a packed partial lies. Nothing else knows this.
 *
 * <p>A partial is its rows, one after the other, each starting at a whole byte. With D columns, block size B:
 *
 * <pre>
 *   0                                  scaleBytes                          rowBytes
 *  +----------------------------------+-----------------------------------+
 *  | scale 0 | scale 1 | ... | pad    | element 0 | element 1 | ... | pad |
 *  +----------------------------------+-----------------------------------+
 *   ceil(D / B) x scaleBits bits       D x elementBits bits
 *
 *  scaleBytes   = ceil(ceil(D / B) x scaleBits / 8)
 *  elementBytes = ceil(D x elementBits / 8)
 * </pre>
 *
 * Both parts are bit-packed little-endian: code i of n bits takes the bits {@code i x n ... i x n + n - 1} of its
 * part, bit k being bit {@code k % 8} of byte {@code k / 8}. Pad bits are 0. Three-bit elements, for example:
 *
 * <pre>
 *   byte 0                     byte 1                     byte 2
 *    7  6  5  4  3  2  1  0     7  6  5  4  3  2  1  0     7  6  5  4  3  2  1  0
 *  [ e2  ][  e1   ][  e0   ]  [e5][  e4   ][  e3   ][e2] [  e7   ][  e6   ][ e5  ]
 * </pre>
 *
 * Eight elements take {@code elementBits} whole bytes, so a block starts at a whole byte: blocks are multiples of 8.
 */
public final class MxLayout {
    private final int columns;
    private final int block;
    private final int scaleBits;
    private final int elementBits;
    private final long scaleBytes;
    private final long rowBytes;

    /**
     * Lays out rows of a format.
     *
     * @param format the format
     * @param columns elements in a row, at least 1
     */
    public MxLayout(MxFormat format, int columns) {
        Shapes.checkColumns(columns);
        this.columns = columns;
        this.block = format.block();
        this.scaleBits = format.scale().bits();
        this.elementBits = format.element().bits();
        this.scaleBytes = Math.ceilDiv((long) blocks() * scaleBits, 8);
        this.rowBytes = scaleBytes + Math.ceilDiv((long) columns * elementBits, 8);
    }

    /** {@return the blocks in a row} */
    public int blocks() {
        return Math.ceilDiv(columns, block);
    }

    /** {@return the bytes of one row's scales} */
    public long scaleBytes() {
        return scaleBytes;
    }

    /** {@return the bytes of one row} */
    public long rowBytes() {
        return rowBytes;
    }

    /**
     * {@return the offset in bytes of a row's first scale}
     *
     * @param row the row, 0 or more
     */
    public long scaleOffset(int row) {
        return row * rowBytes;
    }

    /**
     * {@return the offset in bytes of a row's first element}
     *
     * @param row the row, 0 or more
     */
    public long elementOffset(int row) {
        return row * rowBytes + scaleBytes;
    }

    /**
     * {@return the scale code of a block}
     *
     * @param packed a packed partial
     * @param row the row
     * @param index the block within the row
     */
    public int scaleCode(MemorySegment packed, int row, int index) {
        return bits(packed, scaleOffset(row), (long) index * scaleBits, scaleBits);
    }

    /**
     * {@return the code of an element}
     *
     * @param packed a packed partial
     * @param row the row
     * @param column the element within the row
     */
    public int elementCode(MemorySegment packed, int row, int column) {
        return bits(packed, elementOffset(row), (long) column * elementBits, elementBits);
    }

    /** Adds a scale code to bits that are 0. */
    void putScaleCode(MemorySegment packed, int row, int index, int code) {
        putBits(packed, scaleOffset(row), (long) index * scaleBits, scaleBits, code);
    }

    /** Adds an element code to bits that are 0. */
    void putElementCode(MemorySegment packed, int row, int column, int code) {
        putBits(packed, elementOffset(row), (long) column * elementBits, elementBits, code);
    }

    private static int bits(MemorySegment segment, long offset, long position, int count) {
        long first = offset + (position >>> 3);
        int shift = (int) position & 7;
        if (count == 8) {
            return segment.get(ValueLayout.JAVA_BYTE, first) & 0xff;
        }
        int value = 0;
        for (int have = 0; have < shift + count; have += 8) {
            value |= (segment.get(ValueLayout.JAVA_BYTE, first + (have >>> 3)) & 0xff) << have;
        }
        return value >>> shift & (1 << count) - 1;
    }

    private static void putBits(MemorySegment segment, long offset, long position, int count, int code) {
        long first = offset + (position >>> 3);
        int shift = (int) position & 7;
        if (count == 8) {
            segment.set(ValueLayout.JAVA_BYTE, first, (byte) code);
            return;
        }
        int value = code << shift;
        for (int done = 0; done < shift + count; done += 8) {
            long at = first + (done >>> 3);
            segment.set(ValueLayout.JAVA_BYTE, at, (byte) (segment.get(ValueLayout.JAVA_BYTE, at) | value >>> done));
        }
    }
}
