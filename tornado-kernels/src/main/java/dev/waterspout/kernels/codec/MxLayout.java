package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/**
 * The byte layout of a packed partial: the offset of each scale and element. No other class knows it.
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
        this.scaleBytes = PackedBits.bytes(blocks(), scaleBits);
        this.rowBytes = scaleBytes + PackedBits.bytes(columns, elementBits);
    }

    /** {@return the elements in a row} */
    public int columns() {
        return columns;
    }

    /**
     * {@return the smallest number of columns whose scales and elements both fill whole bytes} At multiples of it,
     * tiles of columns can be cut out of packed rows. It is 8 blocks for 5-bit scales, 2 for 4-bit ones, else 1.
     */
    public int columnUnit() {
        return columnUnit(block, scaleBits);
    }

    static int columnUnit(int block, int scaleBits) {
        return block * (8 / Math.min(8, Integer.lowestOneBit(scaleBits)));
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
        return PackedBits.get(packed, scaleOffset(row), (long) index * scaleBits, scaleBits);
    }

    /**
     * {@return the code of an element}
     *
     * @param packed a packed partial
     * @param row the row
     * @param column the element within the row
     */
    public int elementCode(MemorySegment packed, int row, int column) {
        return PackedBits.get(packed, elementOffset(row), (long) column * elementBits, elementBits);
    }

    /** Adds a scale code to bits that are 0. */
    void putScaleCode(MemorySegment packed, int row, int index, int code) {
        PackedBits.put(packed, scaleOffset(row), (long) index * scaleBits, scaleBits, code);
    }

    /** Adds an element code to bits that are 0. */
    void putElementCode(MemorySegment packed, int row, int column, int code) {
        PackedBits.put(packed, elementOffset(row), (long) column * elementBits, elementBits, code);
    }

    /**
     * Copies a tile of columns out of packed rows. The result equals the encoding of the tile by itself.
     *
     * @param packed packed rows of this layout
     * @param rows rows to copy, 0 or more
     * @param firstColumn the tile's first column, a multiple of {@link #columnUnit()}
     * @param tileLayout layout of the tile in the same format; the tile ends at a multiple of the unit or with the rows
     * @param tile receives packed rows of {@code tileLayout}
     * @throws IllegalArgumentException if the tile cannot be cut out or a segment is too small
     */
    public void copyColumns(MemorySegment packed, int rows, int firstColumn, MxLayout tileLayout, MemorySegment tile) {
        checkTile(packed, rows, firstColumn, tileLayout, tile);
        for (int row = 0; row < rows; row++) {
            long scales = scaleOffset(row) + tileScales(firstColumn);
            long elements = elementOffset(row) + tileElements(firstColumn);
            MemorySegment.copy(packed, scales, tile, tileLayout.scaleOffset(row), tileLayout.scaleBytes);
            MemorySegment.copy(packed, elements, tile, tileLayout.elementOffset(row), tileLayout.elementBytes());
        }
    }

    /**
     * Copies a tile of columns into packed rows, the reverse of {@link #copyColumns}. Other columns are not changed.
     *
     * @param tile packed rows of {@code tileLayout}
     * @param tileLayout layout of the tile in the same format; the tile ends at a multiple of the unit or with the rows
     * @param packed receives the tile in packed rows of this layout
     * @param rows rows to copy, 0 or more
     * @param firstColumn the tile's first column, a multiple of {@link #columnUnit()}
     * @throws IllegalArgumentException if the tile does not fit there or a segment is too small
     */
    public void pasteColumns(MemorySegment tile, MxLayout tileLayout, MemorySegment packed, int rows, int firstColumn) {
        checkTile(packed, rows, firstColumn, tileLayout, tile);
        for (int row = 0; row < rows; row++) {
            long scales = scaleOffset(row) + tileScales(firstColumn);
            long elements = elementOffset(row) + tileElements(firstColumn);
            MemorySegment.copy(tile, tileLayout.scaleOffset(row), packed, scales, tileLayout.scaleBytes);
            MemorySegment.copy(tile, tileLayout.elementOffset(row), packed, elements, tileLayout.elementBytes());
        }
    }

    private long elementBytes() {
        return rowBytes - scaleBytes;
    }

    private long tileScales(int firstColumn) {
        return PackedBits.bytes(firstColumn / block, scaleBits);
    }

    private long tileElements(int firstColumn) {
        return PackedBits.bytes(firstColumn, elementBits);
    }

    private void checkTile(MemorySegment packed, int rows, int firstColumn, MxLayout tileLayout, MemorySegment tile) {
        Shapes.check(rows, columns);
        if (tileLayout.block != block || tileLayout.scaleBits != scaleBits || tileLayout.elementBits != elementBits) {
            throw new IllegalArgumentException(
                    "a tile of another format cannot be copied: " + tileLayout + ", not " + this);
        }
        long end = (long) firstColumn + tileLayout.columns;
        if (firstColumn < 0 || end > columns) {
            throw new IllegalArgumentException(
                    "tile of columns " + firstColumn + " to " + end + " is not within 0 to " + columns);
        }
        if (firstColumn % columnUnit() != 0 || (end % columnUnit() != 0 && end != columns)) {
            throw new IllegalArgumentException("tile of columns " + firstColumn + " to " + end
                    + " does not start and end at multiples of " + columnUnit() + " or the end of the row, " + columns);
        }
        checkRows("packed", packed, rows);
        tileLayout.checkRows("tile", tile, rows);
    }

    private void checkRows(String name, MemorySegment segment, int rows) {
        long needed = Shapes.product(rows, rowBytes);
        if (segment.byteSize() < needed) {
            throw new IllegalArgumentException(name + " has " + segment.byteSize() + " bytes, but " + rows
                    + " packed rows of " + columns + " columns take " + needed);
        }
    }

    @Override
    public String toString() {
        return columns + " columns of " + elementBits + " bits in blocks of " + block + " with scales of " + scaleBits
                + " bits";
    }
}
