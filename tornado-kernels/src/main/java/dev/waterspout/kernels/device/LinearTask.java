package dev.waterspout.kernels.device;

import dev.waterspout.kernels.host.WeightFormat;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The operands of one multiplication, and the kernel that takes them, by variant and format. */
record LinearTask(DeviceWeights w, FloatArray bias, int biasStride, FloatArray x, FloatArray y, RowCount rows) {

    /** Adds the kernel of a choice. */
    void add(
            TaskGraph graph,
            String task,
            KernelContext context,
            IntArray step,
            FloatArray powers,
            KernelChoice choice,
            LaunchPlan launches) {
        int local = choice.local();
        switch (choice.cut()) {
            case PLAIN, BLOCK -> {
                if (choice.perItem() == 1) {
                    byItem(graph, task, context, step, powers);
                } else {
                    byRun(graph, task, context, step, powers, choice.perItem());
                }
                launches.add(task, w.rows(), local, 0, rows);
            }
            case PATCH -> {
                byPatch(graph, task, context, step, powers, choice.perItem());
                launches.add(task, Math.ceilDiv(w.rows(), LinearPatchKernels.ROWS), local, 0, rows);
            }
            case GROUP -> {
                byGroup(graph, task, context, step, powers, local);
                launches.add(task, (long) w.rows() * local, local, 1, rows);
            }
            case TILE -> {
                if (choice.perItem() == 1) {
                    byTile(graph, task, context, step, powers);
                } else {
                    byWideTile(graph, task, context, step, powers);
                }
                launches.add(task, w.rows(), local, local, choice.perItem(), rows);
            }
        }
    }

    private void byItem(TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray powers) {
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

    private void byRun(
            TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray powers, int perItem) {
        graph.task(
                task,
                LinearRunKernels::runBytes,
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
                w.kernelFormat(),
                perItem);
    }

    private void byPatch(
            TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray powers, int perItem) {
        graph.task(
                task,
                LinearPatchKernels::patchBlocks,
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
                w.kernelFormat(),
                perItem);
    }

    private void byGroup(
            TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray powers, int items) {
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
                    rows.index(),
                    items);
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
                    w.kernelFormat(),
                    items);
        }
    }

    private void byTile(TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray powers) {
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

    private void byWideTile(TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray powers) {
        if (w.format() == WeightFormat.F32) {
            graph.task(
                    task,
                    LinearTileKernels::wideTileFloats,
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
                    LinearTileKernels::wideTileBytes,
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
