package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.kernels.device.DeviceWeights;
import dev.waterspout.kernels.host.HostKernels;
import dev.waterspout.kernels.host.WeightMatrix;
import dev.waterspout.kernels.weights.PanelPacker;
import dev.waterspout.kernels.weights.Panels;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * One kind of a rank's matrices from all layers, copied from the file into device arrays. Each tensor type has its own
 * arrays, because a file may mix types within a kind. An array holds as many layers as fit.
 */
final class StackedWeights {
    /** Rows that a thread stores in panels at a time: whole panels, and enough to keep it busy. */
    private static final int ROWS_AT_ONCE = 8 * Panels.ROWS;

    private final List<DeviceWeights> stacks = new ArrayList<>();
    /** The array index of each layer; -1 for a layer without such matrices. */
    private final int[] stackOf;

    /**
     * Copies the matrices.
     *
     * @param kind kind of the weights, for error messages
     * @param matrices the matrices of each layer, which are stacked by rows; every layer has either none or the same
     *     number, of the same shapes; the matrices of a layer have one type; at least one layer has some
     * @param panels whether they lie in {@link Panels}, if there are any for them; else they become f32
     * @param mostBytes largest size of one array on the device
     * @throws DeviceException if the matrices of one layer do not fit in one array
     */
    StackedWeights(String kind, List<List<WeightMatrix>> matrices, boolean panels, long mostBytes) {
        stackOf = new int[matrices.size()];
        List<WeightMatrix> some =
                matrices.stream().filter(each -> !each.isEmpty()).findFirst().orElseThrow();
        int rows = some.stream().mapToInt(WeightMatrix::rows).sum();
        Map<WeightFormat, List<Integer>> layers = new EnumMap<>(WeightFormat.class);
        for (int layer = 0; layer < matrices.size(); layer++) {
            stackOf[layer] = -1;
            if (!matrices.get(layer).isEmpty()) {
                layers.computeIfAbsent(matrices.get(layer).getFirst().format(), _ -> new ArrayList<>())
                        .add(layer);
            }
        }
        layers.forEach((format, ofType) -> {
            int columns = some.getFirst().columns();
            boolean inPanels = inPanels(format, columns, panels);
            long most = most(mostBytes) / elements(format, inPanels, rows, columns);
            int inOne = Math.toIntExact(Math.clamp(most, 1, ofType.size()));
            for (int first = 0; first < ofType.size(); first += inOne) {
                List<Integer> inThis = ofType.subList(first, Math.min(first + inOne, ofType.size()));
                inThis.forEach(layer -> stackOf[layer] = stacks.size());
                List<WeightMatrix> all = inThis.stream()
                        .flatMap(layer -> matrices.get(layer).stream())
                        .toList();
                stacks.add(stack(kind, inThis, all, rows, panels, mostBytes));
            }
        });
    }

    /** {@return whether matrices that lie one behind the other, such as experts', lie in {@link Panels}} */
    static boolean inPanels(WeightMatrix matrix) {
        return matrix.rows() % Panels.ROWS == 0 && Panels.exist(matrix.format(), matrix.columns());
    }

    private static boolean inPanels(WeightFormat format, int columns, boolean panels) {
        return panels && Panels.exist(format, columns);
    }

    /** {@return the words of panels, or the floats, of matrices} */
    private static long elements(WeightFormat format, boolean inPanels, int rows, int columns) {
        return inPanels ? Panels.words(format, rows, columns) : (long) rows * columns;
    }

    /** {@return the largest number of elements of an array on the device; TornadoVM counts them in an int} */
    private static long most(long mostBytes) {
        return Math.min(DeviceWeights.MOST_ELEMENTS, (mostBytes - TornadoNativeArray.ARRAY_HEADER) / Float.BYTES);
    }

    /**
     * Returns the bytes that a matrix takes on a device.
     *
     * @param matrix matrix of the file
     * @param panels whether it lies in {@link Panels}, if there are any for it
     */
    static long bytes(WeightMatrix matrix, boolean panels) {
        boolean inPanels = inPanels(matrix.format(), matrix.columns(), panels);
        return Float.BYTES * elements(matrix.format(), inPanels, matrix.rows(), matrix.columns());
    }

    /** Returns the index of the array with a layer's matrices; -1 for a layer without such matrices. */
    int stackOf(int layer) {
        return stackOf[layer];
    }

    /** Returns the array with a layer's matrices, which holds other layers of the same type too. */
    DeviceWeights of(int layer) {
        return stacks.get(stackOf[layer]);
    }

    /** Returns all arrays. */
    List<DeviceWeights> stacks() {
        return Collections.unmodifiableList(stacks);
    }

    /**
     * Copies a matrix that does not belong to a layer.
     *
     * @param kind kind of the weights, for error messages
     * @param matrix matrix of the file
     * @param mostBytes largest size of one array on the device
     * @throws DeviceException if it does not fit in one array
     */
    static DeviceWeights single(String kind, WeightMatrix matrix, long mostBytes) {
        return stack(kind, List.of(), List.of(matrix), matrix.rows(), true, mostBytes);
    }

    private static DeviceWeights stack(
            String kind, List<Integer> layers, List<WeightMatrix> matrices, int rows, boolean panels, long mostBytes) {
        WeightMatrix first = matrices.getFirst();
        boolean inPanels = inPanels(first.format(), first.columns(), panels);
        long needed = Math.max(1, layers.size()) * elements(first.format(), inPanels, rows, first.columns());
        long most = most(mostBytes);
        if (needed > most) {
            throw new DeviceException("the " + kind + " weights are too large for a device: "
                    + (layers.size() < 2 ? "" : layers.size() + " x ") + rows + " x " + first.columns() + " "
                    + first.format() + " take " + needed + " elements, and one array holds "
                    + most);
        }
        int elements = Math.toIntExact(needed);
        if (inPanels) {
            IntArray words = new IntArray(elements);
            words.getSegment().fill((byte) 0);
            copyToPanels(matrices, rows, words);
            return new DeviceWeights(first.format(), words, layers, rows, first.columns());
        }
        FloatArray floats = new FloatArray(elements);
        unpack(matrices, floats.getSegment());
        return new DeviceWeights(WeightFormat.F32, floats, layers, rows, first.columns());
    }

    /** Stacks f32 vectors of equal length. A null vector becomes zeros; at least one is not null. */
    static FloatArray vectors(List<? extends @Nullable MemorySegment> vectors) {
        long bytes = vectors.stream()
                .filter(Objects::nonNull)
                .mapToLong(MemorySegment::byteSize)
                .max()
                .orElseThrow();
        FloatArray stacked = new FloatArray(Math.toIntExact(vectors.size() * bytes / Float.BYTES));
        for (int layer = 0; layer < vectors.size(); layer++) {
            MemorySegment vector = vectors.get(layer);
            MemorySegment target = stacked.getSegment().asSlice(layer * bytes, bytes);
            if (vector == null) {
                target.fill((byte) 0);
            } else {
                target.copyFrom(vector);
            }
        }
        return stacked;
    }

    /** Returns the elements of an f32 matrix in row-major order. */
    static MemorySegment elements(WeightMatrix matrix) {
        MemorySegment elements = MemorySegment.ofArray(new float[Math.multiplyExact(matrix.rows(), matrix.columns())]);
        unpack(List.of(matrix), elements);
        return elements;
    }

    /** Stores matrices, of which {@code rows} rows together are one in panels. All processors store rows. */
    private static void copyToPanels(List<WeightMatrix> matrices, int rows, IntArray words) {
        int start = 0;
        int done = 0;
        for (WeightMatrix matrix : matrices) {
            int first = start;
            int before = done;
            IntStream.range(0, Math.ceilDiv(matrix.rows(), ROWS_AT_ONCE))
                    .parallel()
                    .forEach(run -> {
                        PanelPacker packer = new PanelPacker(matrix.format(), matrix.columns());
                        int end = Math.min(matrix.rows(), (run + 1) * ROWS_AT_ONCE);
                        for (int row = run * ROWS_AT_ONCE; row < end; row++) {
                            packer.store(matrix.data(), row * matrix.rowStride(), words, first, before + row);
                        }
                    });
            done += matrix.rows();
            if (done == rows) {
                start += (int) Panels.words(matrix.format(), rows, matrix.columns());
                done = 0;
            }
        }
    }

    private static void unpack(List<WeightMatrix> matrices, MemorySegment target) {
        long offset = 0;
        for (WeightMatrix matrix : matrices) {
            for (int row = 0; row < matrix.rows(); row++) {
                HostKernels.scalar().embed(matrix, row, target, offset);
                offset += (long) matrix.columns() * Float.BYTES;
            }
        }
    }
}
