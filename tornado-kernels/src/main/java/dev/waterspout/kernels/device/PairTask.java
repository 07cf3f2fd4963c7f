package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.LinearWarpKernels;
import dev.waterspout.kernels.device.kernels.PairKernels;
import dev.waterspout.kernels.device.kernels.ProductShape;
import dev.waterspout.kernels.device.kernels.RoundedPairKernels;
import dev.waterspout.kernels.weights.Panels;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Two products of one input in one task, for matrices of two tensor types.
 *
 * @param first one product
 * @param second the other one
 */
public record PairTask(Operands first, Operands second) {
    /**
     * What a product has beside its input: {@code y = w x + bias}.
     *
     * @param w weights
     * @param bias [layers of the model][rows of w], or null
     * @param y [rows][rows of w]
     */
    public record Operands(DeviceWeights w, @Nullable FloatArray bias, FloatArray y) {}

    /**
     * Returns whether a graph can compute both products in one task: both matrices lie in panels, and both products
     * have the same kernel, which is one of warps or one that multiplies a token after the other.
     *
     * @param graph the graph
     */
    public boolean fits(KernelGraph graph) {
        KernelChoice choice = graph.choice(first.w);
        boolean suits = choice.cut() == KernelCut.WARP
                || choice.cut() == KernelCut.GROUP
                || (choice.cut() == KernelCut.PLAIN && choice.perItem() == 1);
        return first.w.isInPanels()
                && second.w.isInPanels()
                && graph.device.rounds(first.w) == graph.device.rounds(second.w)
                && first.w.columns() == second.w.columns()
                && suits
                && choice.equals(graph.choice(second.w));
    }

    /**
     * Adds the task; results have the bits of {@link KernelGraph#linear}.
     *
     * @param graph a graph for which {@link #fits} holds
     * @param task name
     * @param x [rows][columns]
     * @throws IllegalArgumentException if an array is too small, or the graph cannot compute both in one task
     */
    public void add(KernelGraph graph, String task, FloatArray x) {
        if (!fits(graph)) {
            throw new IllegalArgumentException("task " + task + ": products with " + first.w.format() + " and "
                    + second.w.format() + " have no kernel in common");
        }
        ArrayChecks.requireSize("x", x, (long) graph.maxRows * first.w.columns());
        IntArray shape = new IntArray(2 * ProductShape.SIZE);
        describe(graph, task, first, shape, 0);
        describe(graph, task, second, shape, ProductShape.SIZE);
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        KernelChoice choice = graph.choice(first.w);
        FloatArray bias = first.bias == null ? graph.powers : first.bias;
        FloatArray otherBias = second.bias == null ? graph.powers : second.bias;
        long panels = panels(first) + panels(second);
        boolean rounds = graph.device.rounds(first.w);
        if (choice.cut() == KernelCut.WARP) {
            int perGroup = LinearWarpKernels.panels(
                    panels, choice.perItem(), graph.device.limits().computeUnits());
            graph.graph.task(
                    task,
                    PairKernels::pairByWarp,
                    graph.context,
                    graph.step,
                    shape,
                    first.w.words(),
                    second.w.words(),
                    x,
                    bias,
                    otherBias,
                    first.y,
                    second.y,
                    first.w.kernelFormat(),
                    second.w.kernelFormat(),
                    perGroup,
                    choice.perItem(),
                    choice.local());
            long groups = Math.ceilDiv(panels(first), perGroup) + Math.ceilDiv(panels(second), perGroup);
            WarpTask.launch(graph, task, groups, choice);
        } else if (choice.cut() == KernelCut.GROUP) {
            graph.graph.task(
                    task,
                    rounds ? RoundedPairKernels::roundedPair : PairKernels::pairByGroup,
                    graph.context,
                    graph.step,
                    shape,
                    first.w.words(),
                    second.w.words(),
                    x,
                    bias,
                    otherBias,
                    first.y,
                    second.y,
                    first.w.kernelFormat(),
                    second.w.kernelFormat(),
                    choice.local());
            graph.launches.add(task, panels * choice.local(), choice.local(), 1, RowCount.CHUNK);
        } else {
            FloatArray inputs = rounds ? graph.roundedInputs.add(graph, task, x, 1, first.w.columns()) : x;
            graph.graph.task(
                    task,
                    PairKernels::pairByToken,
                    graph.context,
                    graph.step,
                    shape,
                    first.w.words(),
                    second.w.words(),
                    inputs,
                    bias,
                    otherBias,
                    first.y,
                    second.y,
                    format(first, rounds),
                    format(second, rounds));
            graph.launches.add(task, panels, choice.local(), 0, RowCount.CHUNK);
        }
    }

    private static int format(Operands operands, boolean rounds) {
        int format = operands.w.kernelFormat();
        return rounds ? Panels.withRoundedInputs(format) : format;
    }

    private static long panels(Operands operands) {
        return Math.ceilDiv(operands.w.rows(), Panels.ROWS);
    }

    private static void describe(KernelGraph graph, String task, Operands operands, IntArray shape, int at) {
        DeviceWeights w = operands.w;
        ArrayChecks.requireSize("y", operands.y, (long) graph.maxRows * w.rows());
        if (operands.bias != null) {
            int layers = w.layers().isEmpty() ? 1 : 1 + w.layers().getLast();
            ArrayChecks.requireSize("bias", operands.bias, (long) layers * w.rows());
        }
        shape.set(at + ProductShape.ROWS, w.rows());
        shape.set(at + ProductShape.COLUMNS, w.columns());
        shape.set(at + ProductShape.START_INDEX, graph.matrixStarts.add(task, w));
        shape.set(at + ProductShape.BIAS_STRIDE, operands.bias == null ? 0 : w.rows());
    }
}
