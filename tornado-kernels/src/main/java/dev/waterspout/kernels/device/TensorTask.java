package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.LinearTensorKernels;
import dev.waterspout.kernels.device.kernels.NarrowTensorKernels;
import dev.waterspout.kernels.device.kernels.ProductShape;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A matrix product on tensor cores. Graphs of few tokens have a kernel of smaller tiles, with the same bits.
 *
 * @param product operands; the weights are in panels
 */
record TensorTask(LinearTask product) {
    /**
     * The array through which all products and attention of a graph pass their sums, since tasks run one after the
     * other.
     */
    static final class Sums {
        private @Nullable FloatArray array;

        FloatArray of(TaskGraph graph) {
            FloatArray found = array;
            if (found == null) {
                found = new FloatArray(LinearTensorKernels.sumElements());
                array = found;
                graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, found);
            }
            return found;
        }

        boolean areUsed() {
            return array != null;
        }
    }

    /** Adds the task. */
    void add(KernelGraph graph, String task) {
        FloatArray sums = graph.tensorSums.of(graph.graph);
        IntArray shape = product.shape();
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        boolean narrow = graph.maxRows <= NarrowTensorKernels.TOKENS;
        graph.graph.task(
                task,
                narrow ? NarrowTensorKernels::panelByNarrowTensor : LinearTensorKernels::panelByTensor,
                graph.context,
                graph.step,
                shape,
                product.w().words(),
                product.x(),
                product.bias(),
                sums,
                product.y(),
                product.function(),
                product.w().kernelFormat());
        int rows = shape.get(ProductShape.ROWS);
        long groups = narrow
                ? Math.min(NarrowTensorKernels.MOST_GROUPS, NarrowTensorKernels.tiles(rows))
                : Math.min(LinearTensorKernels.MOST_GROUPS, LinearTensorKernels.tiles(rows, graph.maxRows));
        int items = narrow ? NarrowTensorKernels.ITEMS : LinearTensorKernels.ITEMS;
        graph.launches.add(task, groups * items, items, 0, RowCount.CHUNK);
    }
}
