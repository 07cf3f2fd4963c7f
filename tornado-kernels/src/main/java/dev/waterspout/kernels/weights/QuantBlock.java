package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.vector.ByteLanes;
import dev.waterspout.kernels.vector.Lanes;
import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A block of a {@link ScaledQuants} type, taken apart: up to 256 signed bytes, and the scales and offsets of up to 16
 * groups. Types write it eight bytes at a time, as a long; it becomes f32 by vectors. One thread at a time may use it.
 *
 * <pre>
 *   byte 0           256          320          384
 *        +-----------+------------+------------+
 *        | bytes     | scales f32 | offsets f32|
 *        +-----------+------------+------------+
 * </pre>
 */
public final class QuantBlock {
    /** A one in each byte. */
    static final long ONES = 0x0101010101010101L;

    /** The lowest two bits of each byte. */
    static final long THREES = 3 * ONES;

    private static final long NIBBLES = 0xf * ONES;
    private static final long SIGNS = 0x8080808080808080L;
    /** All bits of each byte but the highest. */
    private static final long BELOW_SIGNS = 0x7f7f7f7f7f7f7f7fL;

    private static final int SCALES = 256;
    private static final int OFFSETS = SCALES + 16 * Float.BYTES;
    private static final int SIZE = OFFSETS + 16 * Float.BYTES;
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(Layouts.ORDER);
    private static final MemorySegment ALL = Memory.ALL;

    private final MemorySegment memory = Arena.ofAuto().allocate(SIZE, Memory.LINE);
    private final long own = memory.address();
    private long bytes = own;
    private long scales = own + SCALES;
    private long offsets = own + OFFSETS;
    private long groupStride = Float.BYTES;
    private int repeats = 1;

    /** Allocates the memory, which is freed with this object. */
    public QuantBlock() {}

    /** From here on, blocks are read into this object's memory. */
    void placeInOwnMemory() {
        bytes = own;
        scales = own + SCALES;
        offsets = own + OFFSETS;
        groupStride = Float.BYTES;
        repeats = 1;
    }

    /**
     * From here on, blocks are read into other memory.
     *
     * @param target the memory
     * @param column column of the target at which the block begins
     * @param group group of the target at which it begins
     * @param times number of target groups that each group of the block becomes
     */
    void place(QuantTarget target, int column, int group, int times) {
        bytes = target.numbers() + column;
        scales = target.scales() + group * target.groupStride();
        offsets = target.offsets() + group * target.groupStride();
        groupStride = target.groupStride();
        repeats = times;
    }

    void scale(int group, float scale) {
        for (int i = 0; i < repeats; i++) {
            ALL.set(Layouts.F32, scales + (group * repeats + i) * groupStride, scale);
        }
    }

    void scale(int group, float scale, float offset) {
        scale(group, scale);
        for (int i = 0; i < repeats; i++) {
            ALL.set(Layouts.F32, offsets + (group * repeats + i) * groupStride, offset);
        }
    }

    /** {@return eight numbers from the i-th on} */
    long get(int i) {
        return ALL.get(I64, bytes + i);
    }

    void put(int i, long eight) {
        ALL.set(I64, bytes + i, eight);
    }

    void putOne(int i, int number) {
        ALL.set(Layouts.I8, bytes + i, (byte) number);
    }

    /**
     * Writes the nibbles of some bytes.
     *
     * @param low receives the low nibbles
     * @param high receives the high nibbles
     * @param address address of the bytes
     * @param count number of bytes, a multiple of 8
     */
    void nibbles(int low, int high, long address, int count) {
        for (int i = 0; i < count; i += 8) {
            long pairs = Stored.eight(address + i);
            put(low + i, low(pairs));
            put(high + i, high(pairs));
        }
    }

    /**
     * Writes 256 numbers of two bits: number {@code 128 n + 32 j + l} is in bits 2 j and 2 j + 1 of byte
     * {@code 32 n + l}.
     *
     * @param address address of 64 bytes
     * @param less subtracted from each
     */
    void pairs(long address, int less) {
        for (int i = 0; i < 64; i += 8) {
            long four = Stored.eight(address + i);
            int first = i / 32 * 128 + i % 32;
            for (int j = 0; j < 4; j++) {
                put(first + 32 * j, minus(four >>> (2 * j) & THREES, less));
            }
        }
    }

    static long low(long pairs) {
        return pairs & NIBBLES;
    }

    static long high(long pairs) {
        return pairs >>> 4 & NIBBLES;
    }

    /** {@return bit i of a byte in byte i} */
    static long spread(int bits) {
        // Each byte has all bits, then only its own one; added to 0x7f it sets the highest bit of that byte.
        long own = bits * ONES & 0x8040201008040201L;
        return (own + BELOW_SIGNS) >>> 7 & ONES;
    }

    /** {@return eight numbers of 0 to 127, each less a number of 0 to 128} */
    static long minus(long eight, int less) {
        return ((eight | SIGNS) - less * ONES) ^ SIGNS;
    }

    /**
     * {@return eight positive numbers with signs}
     *
     * @param eight 1 to 127 each
     * @param signs bit i: number i is negative
     */
    static long signed(long eight, int signs) {
        long negative = spread(signs);
        return (eight ^ negative * 0xff) + negative;
    }

    /** Writes the first numbers as f32, each times its group's scale. */
    void scale(int count, int groupShift, long target) {
        long from = bytes & Memory.MASK;
        long to = target & Memory.MASK;
        for (int i = 0; i < count; i += Lanes.COUNT) {
            float scale = ALL.get(Layouts.F32, from + SCALES + Layouts.floats((i & Memory.INDEX) >> groupShift));
            ByteLanes.signed(from, i)
                    .mul(scale)
                    .intoMemorySegment(ALL, to + (long) (i & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
        }
    }

    /** Writes the first numbers as f32, each times its group's scale plus its offset. */
    void scaleAndShift(int count, int groupShift, long target) {
        long from = bytes & Memory.MASK;
        long to = target & Memory.MASK;
        for (int i = 0; i < count; i += Lanes.COUNT) {
            long group = from + Layouts.floats((i & Memory.INDEX) >> groupShift);
            float scale = ALL.get(Layouts.F32, group + SCALES);
            float offset = ALL.get(Layouts.F32, group + OFFSETS);
            ByteLanes.signed(from, i)
                    .fma(Lanes.all(scale), Lanes.all(offset))
                    .intoMemorySegment(ALL, to + (long) (i & Memory.INDEX) * Float.BYTES, Layouts.ORDER);
        }
    }
}
