package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.kernels.device.kernels.Step;
import dev.waterspout.kernels.host.Scoring;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.RandomBlocks;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Operands of kernel tests, and their comparison. */
final class Operands {
    private Operands() {}

    static FloatArray gaussian(Random random, int count) {
        FloatArray array = new FloatArray(count);
        for (int i = 0; i < count; i++) {
            array.set(i, (float) random.nextGaussian());
        }
        return array;
    }

    static FloatArray zeros(int count) {
        FloatArray array = new FloatArray(count);
        array.init(0f);
        return array;
    }

    /** {@return the usual scoring, without sinks} */
    static DeviceScoring scoring(DeviceCache cache, int heads) {
        return new DeviceScoring(
                Scoring.plain(cache.headDim()).scale(), 0, DeviceScoring.noSinks(cache.layers(), heads));
    }

    static FloatArray copy(FloatArray array) {
        return FloatArray.fromArray(array.toHeapArray());
    }

    static IntArray step(int layer, int rows) {
        IntArray step = Step.allocate();
        step.set(Step.LAYER, layer);
        step.set(Step.ROWS, rows);
        return step;
    }

    /** {@return random weights of magnitude 1 at most} */
    static DeviceWeights weights(Random random, WeightFormat format, int layers, int rows, int columns) {
        int elements = (int) DeviceWeights.elements(format, layers, rows, columns);
        if (format == WeightFormat.F32) {
            return new DeviceWeights(format, gaussian(random, elements), layers, rows, columns);
        }
        ByteArray bytes = new ByteArray(elements);
        for (int block = 0; block < elements; block += format.blockBytes()) {
            RandomBlocks.fill(random, format, bytes.getSegment(), block);
        }
        return new DeviceWeights(format, bytes, layers, rows, columns);
    }

    /** {@return one layer of weights, as the host sees it} */
    static WeightMatrix matrix(DeviceWeights weights, int layer) {
        MemorySegment all = weights.format() == WeightFormat.F32
                ? weights.floats().getSegment()
                : weights.bytes().getSegment();
        long bytes = all.byteSize() / weights.matrices();
        return WeightMatrix.dense(
                all.asSlice(layer * bytes, bytes), weights.format(), weights.rows(), weights.columns());
    }

    /**
     * Asserts that the first values are close, relative to the largest one. Further values belong to rows that were not
     * requested.
     */
    static void assertClose(FloatArray actual, FloatArray expected, double tolerance) {
        assertThat(actual.getSize()).isGreaterThanOrEqualTo(expected.getSize());
        double largest = 1e-30;
        for (int i = 0; i < expected.getSize(); i++) {
            largest = Math.max(largest, Math.abs(expected.get(i)));
        }
        for (int i = 0; i < expected.getSize(); i++) {
            double error = Math.abs((double) actual.get(i) - expected.get(i));
            assertThat(error <= tolerance * largest)
                    .as("element %d is %s, not %s", i, actual.get(i), expected.get(i))
                    .isTrue();
        }
    }

    /** Asserts that all bits are equal except the payloads of NaNs. */
    static void assertSameBits(FloatArray actual, FloatArray expected) {
        assertThat(actual.getSize()).isGreaterThanOrEqualTo(expected.getSize());
        for (int i = 0; i < expected.getSize(); i++) {
            assertThat(Float.floatToIntBits(actual.get(i)))
                    .as("element %d is %s, not %s", i, actual.get(i), expected.get(i))
                    .isEqualTo(Float.floatToIntBits(expected.get(i)));
        }
    }
}
