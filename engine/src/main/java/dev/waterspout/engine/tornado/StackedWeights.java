package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Copies a rank's part of the file into device arrays, layer after layer. */
final class StackedWeights {
    private StackedWeights() {}

    /**
     * Stacks matrices.
     *
     * @param kind what they are, for error messages
     * @param matrices one per layer, of one shape and format
     * @throws DeviceException if layers have different formats, or if one array cannot hold them all
     */
    static DeviceWeights of(String kind, List<WeightMatrix> matrices) {
        WeightMatrix first = matrices.getFirst();
        for (WeightMatrix matrix : matrices) {
            if (matrix.format() != first.format()) {
                throw new DeviceException("the " + kind + " weights are " + first.format() + " in one layer and "
                        + matrix.format() + " in another; a TornadoVM device needs one type per kind");
            }
        }
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
            return new DeviceWeights(first.format(), floats, matrices.size(), first.rows(), first.columns());
        }
        ByteArray bytes = new ByteArray(elements);
        copy(matrices, bytes.getSegment());
        return new DeviceWeights(first.format(), bytes, matrices.size(), first.rows(), first.columns());
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
