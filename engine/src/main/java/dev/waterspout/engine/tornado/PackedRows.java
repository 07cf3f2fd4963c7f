package dev.waterspout.engine.tornado;

import dev.waterspout.interconnect.collective.Tile;
import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.MxLayout;
import dev.waterspout.kernels.codec.WireFormat;
import java.lang.foreign.MemorySegment;

/**
 * Copies tiles between rows encoded by a device and the payloads of messages. The encoded bytes are copied as they are.
 *
 * @param format wire format of the rows
 * @param columns elements of a row
 */
record PackedRows(WireFormat format, int columns) {
    /** Copies a tile from the rows to a payload. */
    void copyOut(MemorySegment rows, Tile tile, MemorySegment payload) {
        if (tile.columns() == columns) {
            payload.copyFrom(band(rows, tile));
        } else if (format instanceof MxFormat mx) {
            new MxLayout(mx, columns)
                    .copyColumns(band(rows, tile), tile.rows(), tile.column(), tileLayout(mx, tile), payload);
        } else {
            for (int row = 0; row < tile.rows(); row++) {
                long bytes = format.rowBytes(tile.columns());
                MemorySegment.copy(rows, offset(tile, row), payload, row * bytes, bytes);
            }
        }
    }

    /** Copies a tile from a payload into the rows. */
    void copyIn(MemorySegment payload, Tile tile, MemorySegment rows) {
        if (tile.columns() == columns) {
            band(rows, tile).copyFrom(payload);
        } else if (format instanceof MxFormat mx) {
            new MxLayout(mx, columns)
                    .pasteColumns(payload, tileLayout(mx, tile), band(rows, tile), tile.rows(), tile.column());
        } else {
            for (int row = 0; row < tile.rows(); row++) {
                long bytes = format.rowBytes(tile.columns());
                MemorySegment.copy(payload, row * bytes, rows, offset(tile, row), bytes);
            }
        }
    }

    private static MxLayout tileLayout(MxFormat format, Tile tile) {
        return new MxLayout(format, tile.columns());
    }

    private MemorySegment band(MemorySegment rows, Tile tile) {
        return rows.asSlice(format.encodedBytes(tile.row(), columns), format.encodedBytes(tile.rows(), columns));
    }

    private long offset(Tile tile, int row) {
        return (tile.row() + row) * format.rowBytes(columns) + format.rowBytes(1) * tile.column();
    }
}
