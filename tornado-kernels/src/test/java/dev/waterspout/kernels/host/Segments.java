package dev.waterspout.kernels.host;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Builds operands and reads results. */
final class Segments {
    private Segments() {}

    static MemorySegment floats(Arena arena, long count) {
        return arena.allocate(Layouts.floats(count), 64);
    }

    /** Values in [-1, 1), from a seed. */
    static MemorySegment random(Arena arena, long count, long seed) {
        Random random = new Random(seed);
        MemorySegment segment = floats(arena, count);
        for (long i = 0; i < count; i++) {
            set(segment, i, random.nextFloat() * 2 - 1);
        }
        return segment;
    }

    static MemorySegment of(Arena arena, float... values) {
        return arena.allocateFrom(Layouts.F32, values);
    }

    static MemorySegment copy(Arena arena, MemorySegment segment) {
        return arena.allocate(segment.byteSize(), 64).copyFrom(segment);
    }

    static float get(MemorySegment segment, long index) {
        return segment.get(Layouts.F32, Layouts.floats(index));
    }

    static void set(MemorySegment segment, long index, float value) {
        segment.set(Layouts.F32, Layouts.floats(index), value);
    }

    /** Returns the bits of all values, to compare with distinction of zeros and NaNs. */
    static int[] bits(MemorySegment segment) {
        int[] bits = new int[(int) (segment.byteSize() / Float.BYTES)];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(get(segment, i));
        }
        return bits;
    }
}
