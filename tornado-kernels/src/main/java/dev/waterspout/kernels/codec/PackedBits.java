package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Codes of 1 to 32 bits, packed little-endian: bit k of a part is bit {@code k % 8} of its byte {@code k / 8}. */
final class PackedBits {
    private PackedBits() {}

    /** {@return the bytes that a number of codes take} */
    static long bytes(long codes, int bits) {
        return Math.ceilDiv(codes * bits, 8L);
    }

    /** {@return {@code count} bits from bit {@code position} of the part at {@code offset}} */
    static int get(MemorySegment segment, long offset, long position, int count) {
        long first = offset + (position >>> 3);
        int shift = (int) position & 7;
        if (count == 8) {
            return segment.get(ValueLayout.JAVA_BYTE, first) & 0xff;
        }
        if (count == 16) {
            return segment.get(Layouts.I16, first) & 0xffff;
        }
        long value = 0;
        for (int have = 0; have < shift + count; have += 8) {
            value |= (segment.get(ValueLayout.JAVA_BYTE, first + (have >>> 3)) & 0xffL) << have;
        }
        return (int) (value >>> shift & (1L << count) - 1);
    }

    /** Adds a code of {@code count} bits to bits that are 0. */
    static void put(MemorySegment segment, long offset, long position, int count, int code) {
        long first = offset + (position >>> 3);
        int shift = (int) position & 7;
        if (count == 8) {
            segment.set(ValueLayout.JAVA_BYTE, first, (byte) code);
            return;
        }
        if (count == 16) {
            segment.set(Layouts.I16, first, (short) code);
            return;
        }
        long value = (code & 0xffffffffL) << shift;
        for (int done = 0; done < shift + count; done += 8) {
            long at = first + (done >>> 3);
            segment.set(ValueLayout.JAVA_BYTE, at, (byte) (segment.get(ValueLayout.JAVA_BYTE, at) | value >>> done));
        }
    }
}
