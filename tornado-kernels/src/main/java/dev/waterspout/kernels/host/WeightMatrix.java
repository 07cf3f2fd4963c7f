package dev.waterspout.kernels.host;

import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;

/**
 * A view of a weight matrix, usually inside a memory-mapped file. Nothing is copied; the data need not be aligned and
 * may exceed 2 GB.
 *
 * @param data row 0, column 0 is at offset 0
 * @param format tensor type of the weights
 * @param rows number of rows (outputs), at least 1
 * @param columns number of columns (inputs), at least 1 and a multiple of the format's block
 * @param rowStride bytes from one row to the next
 */
public record WeightMatrix(MemorySegment data, WeightFormat format, int rows, int columns, long rowStride) {
    /** The longest row: kernels count bytes and floats of a few rows in an int. */
    private static final int MAX_COLUMNS = 1 << 26;

    /** Checks that all rows lie inside the data. */
    public WeightMatrix {
        if (rows < 1 || columns < 1) {
            throw new IllegalArgumentException(
                    "matrix of rows=" + rows + " columns=" + columns + ": both are at least 1");
        }
        if (columns > MAX_COLUMNS) {
            throw new IllegalArgumentException(
                    "columns=" + columns + ": a row has at most " + MAX_COLUMNS + " weights");
        }
        long rowBytes = format.rowBytes(columns);
        if (rowStride < rowBytes) {
            throw new IllegalArgumentException("rowStride=" + rowStride + ": a row of " + columns + " " + format
                    + " weights takes " + rowBytes + " bytes");
        }
        // Dividing instead of multiplying: a hostile stride must not overflow.
        long free = data.byteSize() - rowBytes;
        if (free < 0 || (rows > 1 && free / (rows - 1) < rowStride)) {
            throw new IllegalArgumentException("data of " + data.byteSize() + " bytes is too small for " + rows + " x "
                    + columns + " " + format + " weights with rowStride=" + rowStride);
        }
    }

    /**
     * Returns a view of dense rows, which follow each other without gaps.
     *
     * @param data row 0, column 0 is at offset 0
     * @param format tensor type of the weights
     * @param rows number of rows
     * @param columns number of columns
     * @return the view
     */
    public static WeightMatrix dense(MemorySegment data, WeightFormat format, int rows, int columns) {
        return new WeightMatrix(data, format, rows, columns, format.rowBytes(columns));
    }

    /**
     * Returns a view of some rows.
     *
     * @param from first row
     * @param to row after the last
     * @return a matrix of {@code to - from} rows
     */
    public WeightMatrix rowSlice(int from, int to) {
        checkSlice("row", from, to, rows);
        long offset = from * rowStride;
        long bytes = (to - from - 1) * rowStride + format.rowBytes(columns);
        return new WeightMatrix(data.asSlice(offset, bytes), format, to - from, columns, rowStride);
    }

    /**
     * Returns a view of some columns of all rows.
     *
     * @param from first column, a multiple of the format's block
     * @param to column after the last, a multiple of the format's block
     * @return a matrix of {@code to - from} columns
     */
    public WeightMatrix columnSlice(int from, int to) {
        checkSlice("column", from, to, columns);
        long offset = format.rowBytes(from);
        long bytes = (rows - 1) * rowStride + format.rowBytes(to) - offset;
        return new WeightMatrix(data.asSlice(offset, bytes), format, rows, to - from, rowStride);
    }

    /** {@return a weight, exact in f32: the reference} */
    float weight(int row, int column) {
        int inBlock = column % format.blockElements();
        return format.weight(data, offset(row, column - inBlock), inBlock);
    }

    /** Offset in {@link #data} of a weight; the column is at the start of a block. */
    public long offset(int row, int column) {
        return row * rowStride + format.rowBytes(column);
    }

    private static void checkSlice(String name, int from, int to, int size) {
        if (from < 0 || from >= to || to > size) {
            throw new IllegalArgumentException(
                    name + "s [" + from + ", " + to + "): a slice is not empty and lies in [0, " + size + ")");
        }
    }
}
