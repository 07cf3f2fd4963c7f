package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.LinearWarpKernels;
import dev.waterspout.kernels.device.kernels.ProductShape;
import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A matrix product by warps.
 *
 * @param product operands; the weights are in panels
 * @param choice tokens and work-items of a work-group
 */
record WarpTask(LinearTask product, KernelChoice choice) {
    /** Adds the task. */
    void add(KernelGraph graph, String task) {
        IntArray shape = product.shape();
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        long panels = Math.ceilDiv(shape.get(ProductShape.ROWS), Panels.ROWS);
        int perGroup = LinearWarpKernels.panels(
                panels, choice.perItem(), graph.device.limits().computeUnits());
        graph.graph.task(
                task,
                LinearWarpKernels::panelsByWarp,
                graph.context,
                graph.step,
                shape,
                product.w().words(),
                product.x(),
                product.bias(),
                product.y(),
                product.function(),
                product.w().kernelFormat(),
                perGroup,
                choice.perItem(),
                choice.local());
        launch(graph, task, Math.ceilDiv(panels, perGroup), choice);
    }

    /** Adds the grid of a task with a number of work-groups for the tokens of one of them. */
    static void launch(KernelGraph graph, String task, long groups, KernelChoice choice) {
        graph.launches.add(task, groups * choice.local(), choice.local(), 1, choice.perItem(), RowCount.CHUNK);
    }
}
