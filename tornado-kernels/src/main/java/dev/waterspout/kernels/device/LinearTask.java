package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.GateKernels;
import dev.waterspout.kernels.device.kernels.LinearGroupKernels;
import dev.waterspout.kernels.device.kernels.LinearKernels;
import dev.waterspout.kernels.device.kernels.LinearPanelGroupKernels;
import dev.waterspout.kernels.device.kernels.LinearPanelKernels;
import dev.waterspout.kernels.device.kernels.LinearTileKernels;
import dev.waterspout.kernels.device.kernels.ProductShape;
import dev.waterspout.kernels.weights.Panels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The operands of one matrix product. Selects the kernel by choice and format.
 *
 * @param w weights in panels or of F32
 * @param startIndex index in {@link Step} of the element at which the layer's matrix begins in {@code w}
 * @param bias [layers][rows of w], or any array
 * @param biasStride elements of {@code bias} from one layer to the next, 0 for no bias
 * @param function function of the outputs, see {@link GateKernels}
 * @param x [rows][columns of w]
 * @param y [rows][outputs]
 */
record LinearTask(
        DeviceWeights w, int startIndex, FloatArray bias, int biasStride, int function, FloatArray x, FloatArray y) {

    /** Returns the number of outputs of a token: the rows of each part of the matrix. */
    int outputs() {
        return w.rows() / GateKernels.parts(function);
    }

    /** Adds the task with the kernel of a choice. */
    void add(
            TaskGraph graph,
            String task,
            KernelContext context,
            IntArray step,
            KernelChoice choice,
            LaunchPlan launches) {
        int local = choice.local();
        if (w.isInPanels()) {
            inPanels(graph, task, context, step, choice);
        } else {
            floats(graph, task, context, step, choice);
        }
        long items = w.isInPanels() ? Math.ceilDiv(outputs(), Panels.ROWS) : outputs();
        switch (choice.cut()) {
            case PLAIN, BLOCK, SPLIT -> launches.add(task, items, local, 0, RowCount.CHUNK);
            case GROUP -> launches.add(task, items * local, local, 1, RowCount.CHUNK);
            case TILE -> launches.add(task, outputs(), local, local, choice.perItem(), RowCount.CHUNK);
            case WARP, TENSOR, QUERIES -> throw unsupported();
        }
    }

    private static IllegalArgumentException unsupported() {
        return new IllegalArgumentException(
                "products by warps and on tensor cores are tasks of WarpTask and TensorTask, and groups of queries are"
                        + " of attention only");
    }

    /** Adds a kernel with weights in panels. */
    private void inPanels(TaskGraph graph, String task, KernelContext context, IntArray step, KernelChoice choice) {
        switch (choice.cut()) {
            case PLAIN, BLOCK, SPLIT -> inPanelsByItem(graph, task, context, step, choice.perItem());
            case GROUP, TILE -> {
                boolean group = choice.cut() == KernelCut.GROUP;
                graph.task(
                        task,
                        group ? LinearPanelGroupKernels::panelByGroup : LinearPanelGroupKernels::panelByTile,
                        context,
                        step,
                        w.words(),
                        x,
                        bias,
                        y,
                        outputs(),
                        w.columns(),
                        startIndex,
                        biasStride,
                        function,
                        w.kernelFormat(),
                        group ? choice.local() : choice.perItem());
            }
            case WARP, TENSOR, QUERIES -> throw unsupported();
        }
    }

    private void inPanelsByItem(TaskGraph graph, String task, KernelContext context, IntArray step, int perItem) {
        IntArray shape = shape();
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        int format = w.kernelFormat();
        IntArray words = w.words();
        if (perItem == 1) {
            graph.task(
                    task, LinearPanelKernels::panelByToken, context, step, shape, words, x, bias, y, function, format);
        } else {
            graph.task(
                    task,
                    LinearPanelKernels::panelByRun,
                    context,
                    step,
                    shape,
                    words,
                    x,
                    bias,
                    y,
                    function,
                    format,
                    perItem);
        }
    }

    /** {@return the array that describes the product to kernels} */
    IntArray shape() {
        IntArray shape = new IntArray(ProductShape.SIZE);
        shape.set(ProductShape.ROWS, outputs());
        shape.set(ProductShape.COLUMNS, w.columns());
        shape.set(ProductShape.START_INDEX, startIndex);
        shape.set(ProductShape.BIAS_STRIDE, biasStride);
        return shape;
    }

    /** Adds a kernel with weights of f32. */
    private void floats(TaskGraph graph, String task, KernelContext context, IntArray step, KernelChoice choice) {
        switch (choice.cut()) {
            case PLAIN, BLOCK, SPLIT ->
                graph.task(
                        task,
                        LinearKernels::linearFloats,
                        context,
                        step,
                        w.floats(),
                        x,
                        bias,
                        y,
                        outputs(),
                        w.columns(),
                        startIndex,
                        biasStride,
                        function);
            case GROUP, TILE -> {
                boolean group = choice.cut() == KernelCut.GROUP;
                graph.task(
                        task,
                        group ? LinearGroupKernels::groupFloats : LinearTileKernels::tileFloats,
                        context,
                        step,
                        w.floats(),
                        x,
                        bias,
                        y,
                        outputs(),
                        w.columns(),
                        startIndex,
                        biasStride,
                        function,
                        group ? choice.local() : choice.perItem());
            }
            case WARP, TENSOR, QUERIES -> throw unsupported();
        }
    }
}
