package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Random blocks of any type, to try kernels with. */
public final class RandomBlocks {
    /** The largest magnitude of a weight. */
    private static final float LARGEST = 1;

    private RandomBlocks() {}

    /**
     * Fills a block with random bytes such that all weights are finite and of magnitude 1 at most.
     *
     * @param random the source of the bytes
     * @param format format of the block
     * @param data receives the block
     * @param block its offset
     */
    public static void fill(Random random, WeightFormat format, MemorySegment data, long block) {
        do {
            for (int i = 0; i < format.blockBytes(); i++) {
                data.set(Layouts.I8, block + i, (byte) random.nextInt());
            }
        } while (!isSmall(format, data, block));
    }

    private static boolean isSmall(WeightFormat format, MemorySegment data, long block) {
        for (int i = 0; i < format.blockElements(); i++) {
            // The comparison is false for NaN.
            if (!(Math.abs(format.weight(data, block, i)) <= LARGEST)) {
                return false;
            }
        }
        return true;
    }
}
