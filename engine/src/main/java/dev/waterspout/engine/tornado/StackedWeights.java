package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A rank's matrices of one kind of all layers, copied from the file into one device array per tensor type: files mix
 * types within a kind.
 */
final class StackedWeights {
    private final List<WeightFormat> formats;
    private final Map<WeightFormat, DeviceWeights> stacks = new EnumMap<>(WeightFormat.class);

    /**
     * Copies the matrices.
     *
     * @param kind what they are, for error messages
     * @param matrices one per layer, of one shape
     * @throws DeviceException if one array cannot hold those of one type
     */
    StackedWeights(String kind, List<WeightMatrix> matrices) {
        formats = matrices.stream().map(WeightMatrix::format).toList();
        for (WeightFormat format : formats.stream().distinct().toList()) {
            List<Integer> layers = IntStream.range(0, matrices.size())
                    .filter(layer -> formats.get(layer) == format)
                    .boxed()
                    .toList();
            stacks.put(
                    format,
                    stack(kind, layers, layers.stream().map(matrices::get).toList()));
        }
    }

    /** Returns the type of a layer's matrix. */
    WeightFormat format(int layer) {
        return formats.get(layer);
    }

    /** Returns the array that a layer's matrix lies in, with those of all layers of the same type. */
    DeviceWeights of(int layer) {
        return Objects.requireNonNull(stacks.get(format(layer)));
    }

    /** Returns the arrays of all types. */
    Collection<DeviceWeights> stacks() {
        return stacks.values();
    }

    /**
     * Copies a matrix that serves all layers.
     *
     * @param kind what it is, for error messages
     * @param matrix of the file
     * @throws DeviceException if one array cannot hold it
     */
    static DeviceWeights single(String kind, WeightMatrix matrix) {
        return stack(kind, List.of(), List.of(matrix));
    }

    private static DeviceWeights stack(String kind, List<Integer> layers, List<WeightMatrix> matrices) {
        WeightMatrix first = matrices.getFirst();
        int elements;
        try {
            elements = Math.toIntExact(
                    DeviceWeights.elements(first.format(), matrices.size(), first.rows(), first.columns()));
        } catch (IllegalArgumentException failure) {
            throw new DeviceException(
                    "the " + kind + " weights are too large for a device: " + failure.getMessage(), failure);
        }
        if (first.format() == WeightFormat.F32) {
            FloatArray floats = new FloatArray(elements);
            copy(matrices, floats.getSegment());
            return new DeviceWeights(first.format(), floats, layers, first.rows(), first.columns());
        }
        ByteArray bytes = new ByteArray(elements);
        copy(matrices, bytes.getSegment());
        return new DeviceWeights(first.format(), bytes, layers, first.rows(), first.columns());
    }

    /** Stacks vectors of f32 of one length. */
    static FloatArray vectors(List<MemorySegment> vectors) {
        long bytes = vectors.getFirst().byteSize();
        FloatArray stacked = new FloatArray(Math.toIntExact(vectors.size() * bytes / Float.BYTES));
        for (int layer = 0; layer < vectors.size(); layer++) {
            MemorySegment.copy(vectors.get(layer), 0, stacked.getSegment(), layer * bytes, bytes);
        }
        return stacked;
    }

    private static void copy(List<WeightMatrix> matrices, MemorySegment target) {
        long offset = 0;
        for (WeightMatrix matrix : matrices) {
            long rowBytes = matrix.format().rowBytes(matrix.columns());
            for (int row = 0; row < matrix.rows(); row++) {
                MemorySegment.copy(matrix.data(), row * matrix.rowStride(), target, offset, rowBytes);
                offset += rowBytes;
            }
        }
    }
}
