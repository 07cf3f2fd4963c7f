package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/** Checks of the shapes and segments of partials. */
final class Shapes {
    private Shapes() {}

    static void check(int rows, int columns) {
        if (rows < 0) {
            throw new IllegalArgumentException("rows " + rows + " is not 0 or more");
        }
        checkColumns(columns);
    }

    static void checkColumns(int columns) {
        if (columns < 1) {
            throw new IllegalArgumentException("columns " + columns + " is not 1 or more");
        }
    }

    static long product(int rows, long rowBytes) {
        if (rows > Long.MAX_VALUE / rowBytes) {
            throw new IllegalArgumentException("rows " + rows + " of " + rowBytes + " bytes exceed 2^63 bytes");
        }
        return rows * rowBytes;
    }

    static void checkPlain(String name, MemorySegment segment, int rows, int columns) {
        checkEncoded(name, segment, PlainFormat.F32, rows, columns);
    }

    static void checkStrided(String name, MemorySegment segment, int rows, int columns, int stride) {
        check(rows, columns);
        if (stride < columns) {
            throw new IllegalArgumentException(
                    "stride " + stride + " of " + name + " is less than its " + columns + " columns");
        }
        if (stride == columns) {
            checkPlain(name, segment, rows, columns);
            return;
        }
        long lastRow = (long) columns * Float.BYTES;
        long rowBytes = (long) stride * Float.BYTES;
        long needed = rows == 0 ? 0 : product(rows, rowBytes) - rowBytes + lastRow;
        if (segment.byteSize() < needed) {
            throw new IllegalArgumentException(name + " has " + segment.byteSize() + " bytes, but " + rows + " x "
                    + columns + " elements in f32 with rows " + stride + " apart take " + needed);
        }
    }

    static void checkEncoded(String name, MemorySegment segment, WireFormat format, int rows, int columns) {
        long needed = format.encodedBytes(rows, columns);
        if (segment.byteSize() < needed) {
            throw new IllegalArgumentException(name + " has " + segment.byteSize() + " bytes, but " + rows + " x "
                    + columns + " elements in " + format.label() + " take " + needed);
        }
    }

    static void checkPackets(MemorySegment[] packets, WireFormat format, int rows, int columns) {
        if (packets.length == 0) {
            throw new IllegalArgumentException("0 packets: a sum needs 1 or more");
        }
        for (int rank = 0; rank < packets.length; rank++) {
            checkEncoded("packet " + rank, packets[rank], format, rows, columns);
        }
    }
}
