package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.vector.Halves;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Numbers as blocks store them, little-endian: in a segment for the reference code, at an address for the fast code.
 */
final class Stored {
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(Layouts.ORDER);
    private static final MemorySegment ALL = Memory.ALL;

    private Stored() {}

    static int signed(MemorySegment data, long offset) {
        return data.get(Layouts.I8, offset);
    }

    static int unsigned(MemorySegment data, long offset) {
        return data.get(Layouts.I8, offset) & 0xff;
    }

    static int two(MemorySegment data, long offset) {
        return data.get(Layouts.I16, offset) & 0xffff;
    }

    static float half(MemorySegment data, long offset) {
        return Float.float16ToFloat(data.get(Layouts.I16, offset));
    }

    static float single(MemorySegment data, long offset) {
        return data.get(Layouts.F32, offset);
    }

    static int two(byte[] stored, int at) {
        return (stored[at] & 0xff) | (stored[at + 1] & 0xff) << 8;
    }

    static float half(byte[] stored, int at) {
        return Float.float16ToFloat((short) two(stored, at));
    }

    static int signed(long address) {
        return ALL.get(Layouts.I8, address);
    }

    static int unsigned(long address) {
        return ALL.get(Layouts.I8, address) & 0xff;
    }

    static int two(long address) {
        return ALL.get(Layouts.I16, address) & 0xffff;
    }

    static int four(long address) {
        return ALL.get(Layouts.I32, address);
    }

    static long eight(long address) {
        return ALL.get(I64, address);
    }

    static float half(long address) {
        return Halves.at(address);
    }

    /** {@return 2 to a power from -149 to 127} */
    static float powerOfTwo(int exponent) {
        return Math.scalb(1f, exponent);
    }
}
