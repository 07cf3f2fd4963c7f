package dev.waterspout.engine.bench;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.kernels.weights.RandomBlocks;
import dev.waterspout.kernels.weights.WeightFormat;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Random weights in their stored form, with about the standard deviation of a newly initialized model: drawn
 * uniformly, or in blocks of random bytes of a quantized type.
 */
final class RandomTensors {
    private static final double DEVIATION = 0.02;
    /** Half the width of a uniform distribution with that standard deviation. */
    private static final double LARGEST = DEVIATION * Math.sqrt(3);

    private static final int PIECE_BLOCKS = 4096;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Different blocks of a quantized type. */
    private static final int SAMPLES = 1024;

    private final SplittableRandom random;
    private final Map<GgmlType, byte[]> samples = new EnumMap<>(GgmlType.class);

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
            default -> {
                byte[] blocks = samples.computeIfAbsent(type, this::draw);
                int block = random.nextInt(SAMPLES) * type.blockBytes();
                MemorySegment.copy(blocks, block, target, ValueLayout.JAVA_BYTE, offset, type.blockBytes());
            }
        }
    }

    private float weight() {
        return (float) random.nextDouble(-LARGEST, LARGEST);
    }

    /** Draws blocks whose weights have about the standard deviation of a newly initialized model. */
    private byte[] draw(GgmlType type) {
        WeightFormat format = type.weights()
                .orElseThrow(() -> new IllegalArgumentException("type " + type + " has no random weights"));
        Random bytes = new Random(random.nextLong());
        byte[] blocks = new byte[SAMPLES * type.blockBytes()];
        MemorySegment target = MemorySegment.ofArray(blocks);
        for (int block = 0; block < SAMPLES; block++) {
            long offset = (long) block * type.blockBytes();
            double deviation;
            do {
                RandomBlocks.fill(bytes, format, target, offset);
                deviation = deviation(format, target, offset);
            } while (deviation < DEVIATION / 2 || deviation > DEVIATION * 2);
        }
        return blocks;
    }

    /** The root of the weights' mean square. */
    private static double deviation(WeightFormat format, MemorySegment data, long block) {
        double sum = 0;
        for (int i = 0; i < format.blockElements(); i++) {
            double weight = format.weight(data, block, i);
            sum += weight * weight;
        }
        return Math.sqrt(sum / format.blockElements());
    }
}
