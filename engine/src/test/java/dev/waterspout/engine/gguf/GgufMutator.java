package dev.waterspout.engine.gguf;

import dev.waterspout.engine.gguf.GgufFields.Field;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

/**
 * Damages a valid file in memory and restores it. Only the header is damaged, so that a case costs no more than
 * reading a header.
 */
final class GgufMutator {
    /** A way to damage a file. */
    enum Damage {
        /** 1 to 8 bits anywhere in the header. */
        BITS,
        /** A field gets a value at an edge of its range, or one next to its valid value. */
        EDGE_VALUE,
        /** The file ends early, in the header or in the data. */
        CUT,
        /** Bytes of the header are written over others. */
        SPLICE,
        /** Bytes are inserted or removed, which moves everything behind them. */
        SHIFT,
        /** A tensor gets a field of another one. */
        TENSOR,
        /** Two fields of the same kind and size are exchanged. */
        EXCHANGE
    }

    private static final int MOST_SHIFT = 64;
    private static final int MOST_SPLICE = 256;
    private static final long[] EDGES = {
        0,
        1,
        2,
        3,
        7,
        8,
        31,
        32,
        33,
        255,
        256,
        65_535,
        65_536,
        1 << 24,
        Integer.MAX_VALUE,
        1L << 31,
        (1L << 32) - 1,
        1L << 32,
        1L << 61,
        1L << 62,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -2,
        -32
    };

    private final MemorySegment original;
    private final MemorySegment damaged;
    private final GgufFields fields;
    private final long header;

    /**
     * Prepares copies of a file.
     *
     * @param bytes a valid file
     * @param arena owner of the copies' memory
     */
    GgufMutator(byte[] bytes, Arena arena) {
        original = arena.allocate(bytes.length, 64).copyFrom(MemorySegment.ofArray(bytes));
        damaged = arena.allocate(bytes.length + MOST_SHIFT, 64);
        MemorySegment.copy(original, 0, damaged, 0, bytes.length);
        fields = new GgufFields(original);
        header = fields.end();
    }

    /** Returns the valid file. */
    MemorySegment original() {
        return original;
    }

    /**
     * Damages the file, which stays damaged until the next call.
     *
     * @param damage how
     * @param random where
     * @return its bytes, read-only
     */
    MemorySegment next(Damage damage, Random random) {
        MemorySegment.copy(original, 0, damaged, 0, Math.min(header + MOST_SHIFT, original.byteSize()));
        long size = original.byteSize();
        switch (damage) {
            case BITS -> flipBits(random);
            case EDGE_VALUE -> overwrite(random);
            case CUT -> size = random.nextInt(4) > 0 ? random.nextLong(header) : random.nextLong(size);
            case SPLICE -> splice(random);
            case SHIFT -> size += shift(random);
            case TENSOR -> mixTensors(random);
            case EXCHANGE -> exchange(random);
        }
        return damaged.asSlice(0, size).asReadOnly();
    }

    private void flipBits(Random random) {
        int bits = 1 + random.nextInt(8);
        for (int i = 0; i < bits; i++) {
            long at = random.nextLong(header);
            byte old = damaged.get(ValueLayout.JAVA_BYTE, at);
            damaged.set(ValueLayout.JAVA_BYTE, at, (byte) (old ^ (1 << random.nextInt(8))));
        }
    }

    private void overwrite(Random random) {
        int changes = 1 + random.nextInt(2);
        for (int i = 0; i < changes; i++) {
            Field field = any(fields.all(), random);
            int bytes = Math.min(Long.BYTES, field.bytes());
            long old = read(original, field.at(), bytes);
            long value = switch (random.nextInt(4)) {
                case 0 -> old + 1;
                case 1 -> old - 1;
                case 2 -> old << (1 + random.nextInt(3));
                default -> EDGES[random.nextInt(EDGES.length)];
            };
            write(field.at(), bytes, value);
        }
    }

    private void splice(Random random) {
        long length = 1L + random.nextInt(MOST_SPLICE);
        long from = random.nextLong(header - length);
        long to = random.nextLong(header - length);
        MemorySegment.copy(original, from, damaged, to, length);
    }

    /** Moves the rest of the header behind an offset, and returns the growth of the file in bytes. */
    private long shift(Random random) {
        long by = 1L + random.nextInt(MOST_SHIFT);
        Field field = any(fields.all(), random);
        long at = field.at() + (random.nextBoolean() ? 0 : random.nextInt(field.bytes()));
        if (random.nextBoolean() || at + by >= header) {
            MemorySegment.copy(original, at, damaged, at + by, header - at);
            for (long i = at; i < at + by; i++) {
                damaged.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
            }
            return by;
        }
        MemorySegment.copy(original, at + by, damaged, at, header - at - by);
        return -by;
    }

    private void mixTensors(Random random) {
        List<Field> from = any(fields.tensors(), random);
        List<Field> to = any(fields.tensors(), random);
        int copies = 1 + random.nextInt(2);
        for (int i = 0; i < copies; i++) {
            Field target = any(to, random);
            List<Field> alike = from.stream()
                    .filter(field -> field.kind() == target.kind() && field.bytes() == target.bytes())
                    .toList();
            if (!alike.isEmpty()) {
                Field source = any(alike, random);
                MemorySegment.copy(original, source.at(), damaged, target.at(), target.bytes());
            }
        }
    }

    private void exchange(Random random) {
        Field first = any(fields.all(), random);
        List<Field> alike = fields.all().stream()
                .filter(field -> field.kind() == first.kind() && field.bytes() == first.bytes())
                .toList();
        Field second = any(alike, random);
        MemorySegment.copy(original, first.at(), damaged, second.at(), first.bytes());
        MemorySegment.copy(original, second.at(), damaged, first.at(), first.bytes());
    }

    private static <T> T any(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    private static long read(MemorySegment from, long at, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | Byte.toUnsignedLong(from.get(ValueLayout.JAVA_BYTE, at + i));
        }
        return value;
    }

    private void write(long at, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            damaged.set(ValueLayout.JAVA_BYTE, at + i, (byte) (value >>> (8 * i)));
        }
    }
}
