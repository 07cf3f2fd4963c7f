package dev.waterspout.kernels.device;

import dev.waterspout.kernels.weights.WeightFormat;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The weights of one kind of all layers, stacked in one device array: [layers][rows][columns].
 *
 * @param format how a weight is stored
 * @param data a {@link FloatArray} for F32, for any other format a {@link ByteArray} with the file's bytes
 * @param layers number of matrices; with 1, launches for any layer use the same one
 * @param rows rows of a matrix
 * @param columns columns of a matrix, a multiple of the format's block
 */
public record DeviceWeights(WeightFormat format, TornadoNativeArray data, int layers, int rows, int columns) {
    /** Checks that the array has the type of the format and the size of the shape. */
    public DeviceWeights {
        if (layers < 1 || rows < 1 || columns < 1) {
            throw new IllegalArgumentException(
                    "weights of layers=" + layers + " rows=" + rows + " columns=" + columns + ": all are at least 1");
        }
        boolean floats = format == WeightFormat.F32;
        if (floats ? !(data instanceof FloatArray) : !(data instanceof ByteArray)) {
            throw new IllegalArgumentException("weights in a " + data.getClass().getSimpleName() + ": " + format
                    + " needs a " + (floats ? "FloatArray" : "ByteArray"));
        }
        long needed = elements(format, layers, rows, columns);
        if (data.getSize() != needed) {
            throw new IllegalArgumentException("weights of " + layers + " x " + rows + " x " + columns + " " + format
                    + " take " + needed + " elements, the array has " + data.getSize());
        }
    }

    /**
     * {@return the elements of the array that holds such weights: floats for F32, else bytes}
     *
     * @param format how a weight is stored
     * @param layers number of matrices
     * @param rows rows of a matrix
     * @param columns columns of a matrix
     * @throws IllegalArgumentException if one array cannot hold them: TornadoVM counts elements, header included, in an int
     */
    public static long elements(WeightFormat format, int layers, int rows, int columns) {
        long rowElements = format == WeightFormat.F32 ? columns : format.rowBytes(columns);
        long elements = Math.multiplyExact((long) layers * rows, rowElements);
        if (elements > Integer.MAX_VALUE - TornadoNativeArray.ARRAY_HEADER) {
            throw new IllegalArgumentException("weights of " + layers + " x " + rows + " x " + columns + " " + format
                    + " take " + elements + " elements: one device array holds "
                    + (Integer.MAX_VALUE - TornadoNativeArray.ARRAY_HEADER));
        }
        return elements;
    }

    FloatArray floats() {
        return (FloatArray) data;
    }

    ByteArray bytes() {
        return (ByteArray) data;
    }

    /** {@return the elements of the array that one row takes} */
    int rowElements() {
        return format == WeightFormat.F32 ? columns : Math.toIntExact(format.rowBytes(columns));
    }

    /** {@return the elements from one layer to the next, 0 where there is one} */
    int layerStride() {
        return layers == 1 ? 0 : rows * rowElements();
    }

    /** {@return the number of the format in kernels} */
    int kernelFormat() {
        return format.id();
    }
}
