package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.ExpertKernels;
import dev.waterspout.kernels.device.kernels.ExpertPanelKernels;
import dev.waterspout.kernels.device.kernels.GateKernels;
import dev.waterspout.kernels.device.kernels.ProductShape;
import dev.waterspout.kernels.device.kernels.RoundedGroupKernels;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.weights.Panels;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The products of a token with some of the matrices that lie one behind the other in each layer: those of experts, or
 * of heads. Where weights lie in panels, each part of a matrix begins with a panel.
 *
 * @param chosen numbers of the chosen matrices, see {@link ExpertKernels}
 * @param used matrices of a token
 * @param w [layers][matrices x rows][columns]
 * @param rows number of rows of one matrix
 * @param bias [layers of the model][matrices][rows], or null
 */
record ChosenProduct(
        IntArray chosen,
        int used,
        DeviceWeights w,
        int rows,
        @Nullable FloatArray bias) {
    /** Work-items of a work-group on a CPU, which process a panel each. */
    private static final int PANELS = 2;

    /**
     * Adds the task.
     *
     * @param graph graph that the task is added to
     * @param task name
     * @param x [tokens][columns], or [tokens][used][columns] where {@code perSlot}
     * @param perSlot whether every matrix of a token has an input of its own
     * @param y [tokens][used][rows]
     */
    void add(KernelGraph graph, String task, FloatArray x, boolean perSlot, FloatArray y) {
        w.requireProducts(task);
        long tokens = graph.maxRows;
        ArrayChecks.requireSize("x", x, tokens * (perSlot ? used : 1) * w.columns());
        ArrayChecks.requireSize("y", y, tokens * used * rows);
        if (w.isInPanels()) {
            addPanels(graph, task, GateKernels.NONE, x, perSlot, y);
            return;
        }
        FloatArray offsets = bias == null ? graph.powers : bias;
        int biasStride = bias == null ? 0 : w.rows();
        int startIndex = graph.matrixStarts.add(task, w);
        boolean groups = graph.device.variant() == KernelVariant.GROUPS;
        graph.graph.task(
                task,
                groups ? ExpertKernels::groupExpertFloats : ExpertKernels::expertFloats,
                graph.context,
                graph.step,
                chosen,
                w.floats(),
                x,
                offsets,
                y,
                rows,
                w.columns(),
                startIndex,
                biasStride,
                perSlot ? 1 : 0);
        if (groups) {
            graph.launches.add(task, (long) rows * ExpertKernels.ITEMS, ExpertKernels.ITEMS, 1, RowCount.CHUNK);
        } else {
            graph.launches.add(task, rows, 1, 1, RowCount.CHUNK);
        }
    }

    /**
     * Adds the task of a product and an activation function of its outputs; the first half of each matrix is the gate.
     *
     * @param graph graph that the task is added to
     * @param task name
     * @param function function of two elements
     * @param x [tokens][columns]
     * @param y [tokens][used][rows / 2]
     */
    void addGated(KernelGraph graph, String task, GateFunction function, FloatArray x, FloatArray y) {
        int number = ElementTasks.number(function);
        ArrayChecks.requireSize("x", x, (long) graph.maxRows * w.columns());
        ArrayChecks.requireSize("y", y, (long) graph.maxRows * used * (rows / GateKernels.parts(number)));
        addPanels(graph, task, number, x, false, y);
    }

    private void addPanels(KernelGraph graph, String task, int function, FloatArray x, boolean perSlot, FloatArray y) {
        int outputs = rows / GateKernels.parts(function);
        boolean rounds = graph.device.rounds(w);
        boolean groups = isByGroups(graph, rounds);
        IntArray shape = panelShape(graph, task, outputs);
        long panels = (long) used * outputs / Panels.ROWS;
        if (rounds && groups) {
            int kind = perSlot ? RoundedGroupKernels.EXPERT_INPUTS : RoundedGroupKernels.EXPERTS;
            addRounded(graph, task, kind, function, shape, null, x, y, panels);
            return;
        }
        FloatArray inputs = rounds ? graph.roundedInputs.add(graph, task, x, perSlot ? used : 1, w.columns()) : x;
        graph.graph.task(
                task,
                groups ? ExpertPanelKernels::expertPanelsByGroup : ExpertPanelKernels::expertPanels,
                graph.context,
                graph.step,
                chosen,
                shape,
                w.words(),
                inputs,
                bias == null ? graph.powers : bias,
                y,
                perSlot ? 1 : 0,
                function,
                rounds ? Panels.withRoundedInputs(w.kernelFormat()) : w.kernelFormat());
        launch(graph, task, panels, groups);
    }

    private static boolean isByGroups(KernelGraph graph, boolean rounds) {
        return graph.device.variant() == KernelVariant.GROUPS && (!rounds || graph.device.roundsInGroups());
    }

    private void addRounded(
            KernelGraph graph,
            String task,
            int kind,
            int function,
            IntArray shape,
            @Nullable FloatArray weights,
            FloatArray x,
            FloatArray y,
            long panels) {
        graph.graph.task(
                task,
                RoundedGroupKernels::roundedByGroup,
                graph.context,
                graph.step,
                shape,
                chosen,
                weights == null ? graph.powers : weights,
                w.words(),
                x,
                bias == null ? graph.powers : bias,
                y,
                kind,
                function,
                w.kernelFormat(),
                1,
                ExpertKernels.ITEMS);
        launch(graph, task, panels, true);
    }

    /**
     * Adds the task of a product with an input per matrix of a token, and of the weighted sum of a token's outputs.
     *
     * @param graph graph that the task is added to
     * @param task name
     * @param weights [tokens][used]
     * @param x [tokens][used][columns]
     * @param sum [tokens][rows]
     */
    void addSummed(KernelGraph graph, String task, FloatArray weights, FloatArray x, FloatArray sum) {
        ArrayChecks.requireSize("x", x, (long) graph.maxRows * used * w.columns());
        ArrayChecks.requireSize("sum", sum, (long) graph.maxRows * rows);
        boolean rounds = graph.device.rounds(w);
        boolean groups = isByGroups(graph, rounds);
        IntArray shape = panelShape(graph, task, rows);
        long panels = rows / Panels.ROWS;
        if (rounds && groups) {
            int kind = RoundedGroupKernels.SUMMED_EXPERTS;
            addRounded(graph, task, kind, GateKernels.NONE, shape, weights, x, sum, panels);
            return;
        }
        FloatArray inputs = rounds ? graph.roundedInputs.add(graph, task, x, used, w.columns()) : x;
        graph.graph.task(
                task,
                groups ? ExpertPanelKernels::sumExpertPanelsByGroup : ExpertPanelKernels::sumExpertPanels,
                graph.context,
                graph.step,
                chosen,
                shape,
                weights,
                w.words(),
                inputs,
                bias == null ? graph.powers : bias,
                sum,
                rounds ? Panels.withRoundedInputs(w.kernelFormat()) : w.kernelFormat());
        launch(graph, task, panels, groups);
    }

    private IntArray panelShape(KernelGraph graph, String task, int outputs) {
        if (!w.isInPanels() || outputs % Panels.ROWS != 0) {
            throw new IllegalArgumentException("task " + task + ": matrices of " + outputs + " outputs of "
                    + w.format() + (w.isInPanels() ? "" : ", not in panels,")
                    + " for a product by panels; outputs are a multiple of " + Panels.ROWS);
        }
        IntArray shape = new IntArray(ProductShape.SIZE);
        shape.set(ProductShape.ROWS, outputs);
        shape.set(ProductShape.COLUMNS, w.columns());
        shape.set(ProductShape.START_INDEX, graph.matrixStarts.add(task, w));
        shape.set(ProductShape.BIAS_STRIDE, bias == null ? 0 : w.rows());
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        return shape;
    }

    private static void launch(KernelGraph graph, String task, long panels, boolean groups) {
        int local = groups ? ExpertKernels.ITEMS : PANELS;
        graph.launches.add(task, groups ? panels * local : panels, local, 1, RowCount.CHUNK);
    }
}
