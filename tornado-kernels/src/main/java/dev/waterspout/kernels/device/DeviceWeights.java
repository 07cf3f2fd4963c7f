package dev.waterspout.kernels.device;

import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.weights.PanelPacker;
import dev.waterspout.kernels.weights.Panels;
import dev.waterspout.kernels.weights.QuantBlock;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.List;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Matrices of one kind and tensor type, one per layer, stacked in one device array: [layers][rows][columns].
 *
 * @param format tensor type of the weights
 * @param data a {@link FloatArray} for F32, for any other format an {@link IntArray} of {@link Panels}, or a
 *     {@link ByteArray} with the file's bytes, which no product reads
 * @param layers the model's layers that the matrices belong to, ascending; empty for one matrix that serves every layer
 * @param rows rows of a matrix
 * @param columns columns of a matrix, a multiple of the format's block
 * @param first element of the array at which the first matrix begins; the array may hold other matrices before and
 *     after
 */
public record DeviceWeights(
        WeightFormat format, TornadoNativeArray data, List<Integer> layers, int rows, int columns, int first) {
    /** Elements that one device array holds: TornadoVM counts elements, header included, in an int. */
    public static final long MOST_ELEMENTS = Integer.MAX_VALUE - TornadoNativeArray.ARRAY_HEADER;

    /** Checks that the array has the type of the format and room for the shape. */
    public DeviceWeights {
        layers = List.copyOf(layers);
        if (rows < 1 || columns < 1) {
            throw new IllegalArgumentException(
                    "weights of rows=" + rows + " columns=" + columns + ": both are at least 1");
        }
        boolean floats = format == WeightFormat.F32;
        if (floats ? !(data instanceof FloatArray) : !(data instanceof ByteArray || data instanceof IntArray)) {
            throw new IllegalArgumentException("weights in a " + data.getClass().getSimpleName() + ": " + format
                    + " needs a " + (floats ? "FloatArray" : "ByteArray or an IntArray"));
        }
        if (data instanceof IntArray && !Panels.exist(format, columns)) {
            throw new IllegalArgumentException(
                    "weights of " + format + " with columns=" + columns + " in an IntArray: they have no panels");
        }
        int matrices = Math.max(1, layers.size());
        long needed = data instanceof IntArray
                ? matrices * Panels.words(format, rows, columns)
                : elements(format, matrices, rows, columns);
        if (first < 0 || data.getSize() < first + needed) {
            throw new IllegalArgumentException("weights of " + matrices + " x " + rows + " x " + columns + " " + format
                    + " take " + needed + " elements" + (first == 0 ? "" : " from element " + first + " on")
                    + ", the array has " + data.getSize());
        }
    }

    /**
     * Matrices from the beginning of an array.
     *
     * @param format tensor type of the weights
     * @param data see the canonical constructor
     * @param layers see the canonical constructor
     * @param rows rows of a matrix
     * @param columns columns of a matrix, a multiple of the format's block
     */
    public DeviceWeights(WeightFormat format, TornadoNativeArray data, List<Integer> layers, int rows, int columns) {
        this(format, data, layers, rows, columns, 0);
    }

    /**
     * The matrices of a model's first layers.
     *
     * @param format tensor type of the weights
     * @param data see the canonical constructor
     * @param layers number of matrices; 1 for a matrix that serves every layer
     * @param rows rows of a matrix
     * @param columns columns of a matrix, a multiple of the format's block
     */
    public DeviceWeights(WeightFormat format, TornadoNativeArray data, int layers, int rows, int columns) {
        this(
                format,
                data,
                layers == 1 ? List.of() : IntStream.range(0, layers).boxed().toList(),
                rows,
                columns);
    }

    /**
     * {@return the elements of the array that holds such weights: floats for F32, else bytes}
     *
     * @param format tensor type of the weights
     * @param layers number of matrices
     * @param rows rows of a matrix
     * @param columns columns of a matrix
     * @throws IllegalArgumentException if one array cannot hold them: TornadoVM counts elements, header included, in an
     *     int
     */
    public static long elements(WeightFormat format, int layers, int rows, int columns) {
        long rowElements = format == WeightFormat.F32 ? columns : format.rowBytes(columns);
        long elements = Math.multiplyExact((long) layers * rows, rowElements);
        if (elements > MOST_ELEMENTS) {
            throw new IllegalArgumentException("weights of " + layers + " x " + rows + " x " + columns + " " + format
                    + " take " + elements + " elements: one device array holds " + MOST_ELEMENTS);
        }
        return elements;
    }

    /**
     * {@return a view of some rows of a matrix that serves every layer}
     *
     * @param from the first one
     * @param to the one after the last
     */
    public DeviceWeights slice(int from, int to) {
        if (!layers.isEmpty() || from < 0 || from >= to || to > rows) {
            throw new IllegalArgumentException("rows " + from + " to " + to + " of " + matrices() + " x " + rows
                    + " rows: must be some of one matrix");
        }
        if (isInPanels() && from % Panels.ROWS != 0) {
            throw new IllegalArgumentException("rows " + from + " to " + to + ": the first must be a multiple of "
                    + Panels.ROWS + ", at which a panel begins");
        }
        int before = isInPanels() ? (int) Panels.words(format, from, columns) : from * rowElements();
        return new DeviceWeights(format, data, layers, to - from, columns, first + before);
    }

    /** Checks that products can read these weights. */
    void requireProducts(String task) {
        if (data instanceof ByteArray) {
            throw new IllegalArgumentException(
                    "task " + task + ": weights of " + format + " lie as in a file; they must be in panels or F32");
        }
    }

    FloatArray floats() {
        return (FloatArray) data;
    }

    ByteArray bytes() {
        return (ByteArray) data;
    }

    IntArray words() {
        return (IntArray) data;
    }

    /** {@return whether the matrices lie in {@link Panels}} */
    public boolean isInPanels() {
        return data instanceof IntArray;
    }

    /**
     * {@return the type of matrices as products read them: their own in {@link Panels}, F32 where there are none}
     *
     * @param format tensor type in the file
     * @param columns columns of a matrix
     */
    public static WeightFormat productFormat(WeightFormat format, int columns) {
        return Panels.exist(format, columns) ? format : WeightFormat.F32;
    }

    /** {@return these weights as products read them, copied; or themselves if they are of F32} */
    public DeviceWeights forProducts() {
        if (!(data instanceof ByteArray)) {
            return this;
        }
        WeightFormat made = productFormat(format, columns);
        int ofMatrix =
                Math.toIntExact(made == WeightFormat.F32 ? (long) rows * columns : Panels.words(format, rows, columns));
        int elements = Math.multiplyExact(matrices(), ofMatrix);
        if (made == WeightFormat.F32) {
            FloatArray floats = new FloatArray(elements);
            long address = data.getSegment().address() + first;
            format.unpack(address, elements, floats.getSegment().address(), new QuantBlock());
            return new DeviceWeights(made, floats, layers, rows, columns);
        }
        IntArray words = new IntArray(elements);
        words.getSegment().fill((byte) 0);
        PanelPacker packer = new PanelPacker(format, columns);
        for (int matrix = 0; matrix < matrices(); matrix++) {
            for (int row = 0; row < rows; row++) {
                long offset = first + ((long) matrix * rows + row) * rowElements();
                packer.store(data.getSegment(), offset, words, matrix * ofMatrix, row);
            }
        }
        return new DeviceWeights(format, words, layers, rows, columns);
    }

    /**
     * {@return whether a product with these weights can apply an activation function to its outputs: a function of two
     * operands needs a matrix of two halves, each of which begins with a panel where the matrix lies in panels}
     *
     * @param function activation function
     */
    public boolean activates(GateFunction function) {
        return !function.isGated() || (rows % 2 == 0 && (!isInPanels() || rows / 2 % Panels.ROWS == 0));
    }

    /** {@return the elements of the array that one row takes where it does not lie in panels} */
    int rowElements() {
        return format == WeightFormat.F32 ? columns : Math.toIntExact(format.rowBytes(columns));
    }

    /** {@return the number of matrices} */
    public int matrices() {
        return Math.max(1, layers.size());
    }

    /**
     * {@return the element of the array at which a layer's matrix begins}
     *
     * @param layer layer of the model
     * @throws IllegalArgumentException if the array has no matrix of the layer
     */
    int start(int layer) {
        if (layers.isEmpty()) {
            return first;
        }
        int index = layers.indexOf(layer);
        if (index < 0) {
            throw new IllegalArgumentException(
                    "layer=" + layer + ": the " + format + " weights are of layers " + layers);
        }
        int matrix = isInPanels() ? (int) Panels.words(format, rows, columns) : rows * rowElements();
        return first + index * matrix;
    }

    /** {@return the number in kernels: of the layout where the matrices lie in {@link Panels}, else of the type} */
    int kernelFormat() {
        return isInPanels() ? Panels.layout(format) : format.id();
    }
}
