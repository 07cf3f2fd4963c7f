package dev.waterspout.kernels.device;

import dev.waterspout.kernels.host.WeightFormat;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The operands of one multiplication, and the kernel that takes them, by variant and format. */
record LinearTask(DeviceWeights w, FloatArray bias, int biasStride, FloatArray x, FloatArray y, RowCount rows) {

    void byItem(TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray powers) {
        switch (w.format()) {
            case F32 ->
                graph.task(
                        task,
                        LinearKernels::linearFloats,
                        context,
                        step,
                        w.floats(),
                        x,
                        bias,
                        y,
                        w.rows(),
                        w.columns(),
                        w.layerStride(),
                        biasStride,
                        rows.index());
            case F16, BF16 ->
                graph.task(
                        task,
                        LinearKernels::linearHalves,
                        context,
                        step,
                        w.bytes(),
                        powers,
                        x,
                        bias,
                        y,
                        w.rows(),
                        w.columns(),
                        w.layerStride(),
                        biasStride,
                        rows.index(),
                        w.kernelFormat());
            case Q8_0, Q4_0 ->
                graph.task(
                        task,
                        LinearKernels::linearBlocks,
                        context,
                        step,
                        w.bytes(),
                        powers,
                        x,
                        bias,
                        y,
                        w.rows(),
                        w.columns(),
                        w.layerStride(),
                        biasStride,
                        rows.index(),
                        w.kernelFormat());
        }
    }

    void byGroup(TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray powers) {
        if (w.format() == WeightFormat.F32) {
            graph.task(
                    task,
                    LinearGroupKernels::groupFloats,
                    context,
                    step,
                    w.floats(),
                    x,
                    bias,
                    y,
                    w.rows(),
                    w.columns(),
                    w.layerStride(),
                    biasStride,
                    rows.index());
        } else {
            graph.task(
                    task,
                    LinearGroupKernels::groupBytes,
                    context,
                    step,
                    w.bytes(),
                    powers,
                    x,
                    bias,
                    y,
                    w.rows(),
                    w.columns(),
                    w.rowElements(),
                    w.layerStride(),
                    biasStride,
                    rows.index(),
                    w.kernelFormat());
        }
    }

    void byTile(TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray powers) {
        if (w.format() == WeightFormat.F32) {
            graph.task(
                    task,
                    LinearTileKernels::tileFloats,
                    context,
                    step,
                    w.floats(),
                    x,
                    bias,
                    y,
                    w.rows(),
                    w.columns(),
                    w.layerStride(),
                    biasStride,
                    rows.index());
        } else {
            graph.task(
                    task,
                    LinearTileKernels::tileBytes,
                    context,
                    step,
                    w.bytes(),
                    powers,
                    x,
                    bias,
                    y,
                    w.rows(),
                    w.columns(),
                    w.rowElements(),
                    w.layerStride(),
                    biasStride,
                    rows.index(),
                    w.kernelFormat());
        }
    }
}
