package dev.waterspout.engine.bench;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Random weights in their stored form, drawn uniformly with the standard deviation of a newly initialized model. */
final class RandomTensors {
    private static final double DEVIATION = 0.02;
    /** Half the width of a uniform distribution with that standard deviation. */
    private static final double LARGEST = DEVIATION * Math.sqrt(3);

    private static final int PIECE_BLOCKS = 4096;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SplittableRandom random;

    RandomTensors(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** Writes weights of 1, f32. */
    void writeOnes(int elements, GgufWriter.Sink sink) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ones = arena.allocate((long) elements * Float.BYTES);
            for (int i = 0; i < elements; i++) {
                ones.set(FLOAT, (long) i * Float.BYTES, 1);
            }
            sink.write(ones);
        }
    }

    /** Writes random weights; elements is a multiple of the type's block. */
    void writeMatrix(GgmlType type, long elements, GgufWriter.Sink sink) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment piece = arena.allocate((long) PIECE_BLOCKS * type.blockBytes());
            for (long left = elements / type.blockElements(); left > 0; left -= PIECE_BLOCKS) {
                int blocks = (int) Math.min(left, PIECE_BLOCKS);
                for (int block = 0; block < blocks; block++) {
                    fill(type, piece, (long) block * type.blockBytes());
                }
                sink.write(piece.asSlice(0, (long) blocks * type.blockBytes()));
            }
        }
    }

    private void fill(GgmlType type, MemorySegment target, long offset) {
        switch (type) {
            case F32 -> target.set(FLOAT, offset, weight());
            case F16 -> target.set(SHORT, offset, Float.floatToFloat16(weight()));
            case BF16 -> target.set(SHORT, offset, (short) (Float.floatToRawIntBits(weight()) >> Short.SIZE));
            case Q8_0 -> fillQuants(target, offset, type.blockBytes(), LARGEST / 127);
            case Q4_0 -> fillQuants(target, offset, type.blockBytes(), LARGEST / 8);
            default -> throw new IllegalArgumentException("type " + type + " has no random weights");
        }
    }

    private float weight() {
        return (float) random.nextDouble(-LARGEST, LARGEST);
    }

    /** Writes a scale and random bits; every code is equally likely. */
    private void fillQuants(MemorySegment target, long offset, int blockBytes, double scale) {
        target.set(SHORT, offset, Float.floatToFloat16((float) scale));
        for (int at = Short.BYTES; at < blockBytes; at += Long.BYTES) {
            target.set(LONG, offset + at, random.nextLong());
        }
    }
}
