package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.RoundingKernels;
import dev.waterspout.kernels.weights.Panels;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The inputs of a graph's products, rounded to 8 bits by tasks of their own. Inputs of one width share an array, since
 * tasks run one after the other.
 */
final class RoundedInputs {
    private final Map<Integer, FloatArray> arrays = new HashMap<>();
    private @Nullable FloatArray source;
    private @Nullable FloatArray last;
    private int launchesAfter;

    /**
     * {@return the rounded input} Adds the task that rounds it, unless only products were added since the same input
     * was rounded.
     *
     * @param graph graph of the product
     * @param task name of the product; the rounding has the suffix {@code Round}
     * @param x [rows][vectors][columns]
     * @param vectors inputs of a token
     * @param columns elements of an input
     */
    FloatArray add(KernelGraph graph, String task, FloatArray x, int vectors, int columns) {
        FloatArray found = last;
        if (found != null && source == x && launchesAfter == graph.launches.size()) {
            return found;
        }
        int stride = vectors * Panels.inputStride(columns, Panels.withRoundedInputs(0));
        FloatArray rounded = arrays.computeIfAbsent(stride, elements -> {
            FloatArray made = new FloatArray(Math.multiplyExact(graph.maxRows, elements));
            graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, made);
            return made;
        });
        String name = task + "Round";
        graph.graph.task(name, RoundingKernels::roundInputs, graph.context, graph.step, x, rounded, vectors, columns);
        int local = graph.device.variant() == KernelVariant.ITEMS ? 1 : KernelCandidates.ELEMENTS;
        graph.launches.add(name, (long) vectors * columns / RoundingKernels.BLOCK, local, 1, RowCount.CHUNK);
        source = x;
        last = rounded;
        return rounded;
    }

    /** To be called when a product was added that reads the rounded input, and writes another array than the input. */
    void keep(KernelGraph graph, FloatArray written) {
        launchesAfter = written == source ? -1 : graph.launches.size();
    }
}
