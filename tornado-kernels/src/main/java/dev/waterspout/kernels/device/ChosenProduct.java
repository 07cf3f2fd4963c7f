package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.ExpertKernels;
import dev.waterspout.kernels.weights.WeightFormat;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The products of a token with some of the matrices that lie one behind the other in each layer: those of experts, or
 * of heads.
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
        long tokens = graph.maxRows;
        ArrayChecks.requireSize("x", x, tokens * (perSlot ? used : 1) * w.columns());
        ArrayChecks.requireSize("y", y, tokens * used * rows);
        FloatArray offsets = bias == null ? graph.powers : bias;
        int biasStride = bias == null ? 0 : w.rows();
        int startIndex = graph.matrixStarts.add(task, w);
        boolean groups = graph.device.variant() == KernelVariant.GROUPS;
        if (w.format() == WeightFormat.F32) {
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
        } else {
            graph.graph.task(
                    task,
                    groups ? ExpertKernels::groupExpertBytes : ExpertKernels::expertBytes,
                    graph.context,
                    graph.step,
                    chosen,
                    w.bytes(),
                    graph.powers,
                    x,
                    offsets,
                    y,
                    rows,
                    w.columns(),
                    w.rowElements(),
                    startIndex,
                    biasStride,
                    perSlot ? 1 : 0,
                    w.kernelFormat());
        }
        if (groups) {
            graph.launches.add(task, (long) rows * ExpertKernels.ITEMS, ExpertKernels.ITEMS, 1, RowCount.CHUNK);
        } else {
            graph.launches.add(task, rows, 1, 1, RowCount.CHUNK);
        }
    }
}
