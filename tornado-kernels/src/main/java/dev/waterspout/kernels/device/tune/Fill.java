package dev.waterspout.kernels.device.tune;

import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.weights.RandomBlocks;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Creates random operands quickly, and compares results. */
final class Fill {
    /** Number of random values, after which they repeat. */
    private static final int DISTINCT = 1 << 16;

    private static final int DISTINCT_BLOCKS = 1 << 10;

    private Fill() {}

    static FloatArray gaussian(Random random, int elements) {
        FloatArray array = new FloatArray(elements);
        int distinct = Math.min(elements, DISTINCT);
        for (int i = 0; i < distinct; i++) {
            array.set(i, (float) random.nextGaussian());
        }
        repeat(array.getSegment(), (long) distinct * Float.BYTES);
        return array;
    }

    /** {@return weights of magnitude 1 at most} */
    static DeviceWeights weights(Random random, WeightFormat format, int layers, int rows, int columns) {
        int elements = Math.toIntExact(DeviceWeights.elements(format, layers, rows, columns));
        if (format == WeightFormat.F32) {
            return new DeviceWeights(format, gaussian(random, elements), layers, rows, columns);
        }
        ByteArray bytes = new ByteArray(elements);
        MemorySegment data = bytes.getSegment();
        int block = format.blockBytes();
        int distinct = Math.min(elements, DISTINCT_BLOCKS * block);
        for (int at = 0; at < distinct; at += block) {
            RandomBlocks.fill(random, format, data, at);
        }
        repeat(data, distinct);
        return new DeviceWeights(format, bytes, layers, rows, columns);
    }

    /** Fills a segment with copies of its beginning. */
    private static void repeat(MemorySegment segment, long beginning) {
        for (long done = beginning; done < segment.byteSize(); ) {
            long count = Math.min(done, segment.byteSize() - done);
            MemorySegment.copy(segment, 0, segment, done, count);
            done += count;
        }
    }

    /**
     * {@return a description of the first value whose error exceeds a fraction of the largest expected one; empty if
     * there is none}
     *
     * @param actual at least as many values as expected
     * @param expected values of the reference
     * @param tolerance the fraction
     */
    static Optional<String> difference(float[] actual, float[] expected, double tolerance) {
        double largest = Float.MIN_NORMAL;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs((double) actual[i] - expected[i]);
            // Negated, because error > ... is false for NaN.
            if (!(error <= tolerance * largest)) {
                return Optional.of("element " + i + " is " + actual[i] + ", not " + expected[i]);
            }
        }
        return Optional.empty();
    }
}
