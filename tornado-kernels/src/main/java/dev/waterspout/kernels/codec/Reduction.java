package dev.waterspout.kernels.codec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Sums packed partials and packs the sum, some rows at a time. */
final class Reduction {
    /** Bytes of f32 scratch, unless a row takes more: an amount that fits in the L2 cache beside the packets. */
    private static final long SCRATCH_BYTES = 64 << 10;

    private Reduction() {}

    static void run(PartialCodec codec, MemorySegment[] packets, int rows, int columns, MemorySegment target) {
        WireFormat format = codec.format();
        Shapes.checkPackets(packets, format, rows, columns);
        Shapes.checkEncoded("target", target, format, rows, columns);
        if (rows == 0) {
            return;
        }
        long rowFloats = (long) columns * Float.BYTES;
        int most = format.rowsIndependent() ? Math.clamp(SCRATCH_BYTES / rowFloats, 1, rows) : rows;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sum = arena.allocate(most * rowFloats, 64);
            for (int row = 0; row < rows; row += most) {
                int count = Math.min(most, rows - row);
                MemorySegment[] bands = new MemorySegment[packets.length];
                for (int rank = 0; rank < packets.length; rank++) {
                    bands[rank] = band(packets[rank], format, row, count, columns);
                }
                clear(sum);
                codec.decodeSum(bands, count, columns, sum);
                codec.encode(sum, count, columns, band(target, format, row, count, columns));
            }
        }
    }

    private static MemorySegment band(MemorySegment packed, WireFormat format, int row, int count, int columns) {
        long offset = format.encodedBytes(row, columns);
        return packed.asSlice(offset, format.encodedBytes(count, columns));
    }

    /** Fills with -0, which changes no value it is added to, not even another -0. */
    private static void clear(MemorySegment sum) {
        for (long at = 0; at < sum.byteSize(); at += Float.BYTES) {
            sum.set(Layouts.F32, at, -0f);
        }
    }
}
