package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.LayerNormKernels;
import dev.waterspout.kernels.device.kernels.NormKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The operands of one normalization.
 *
 * @param norm weights
 * @param x the columns of a row that its vectors take, one behind the other
 * @param y receives the same columns; may be the array of {@code x}
 * @param rows rows to process
 */
record NormTask(DeviceNorm norm, DeviceColumns x, FloatArray y, RowCount rows) {

    /** Adds the task with the kernel of a variant. */
    void add(
            TaskGraph graph,
            String task,
            KernelContext context,
            IntArray step,
            KernelVariant variant,
            LaunchPlan launches) {
        switch (norm.kind()) {
            case RMS -> addRms(graph, task, context, step, variant, launches);
            case LAYER -> addLayer(graph, task, context, step, variant, launches);
        }
    }

    private void addLayer(
            TaskGraph graph,
            String task,
            KernelContext context,
            IntArray step,
            KernelVariant variant,
            LaunchPlan launches) {
        FloatArray bias = norm.bias() == null ? norm.weight() : norm.bias();
        graph.task(
                task,
                switch (variant) {
                    case ITEMS -> LayerNormKernels::byItem;
                    case GROUPS -> LayerNormKernels::byGroup;
                },
                context,
                step,
                x.array(),
                norm.weight(),
                bias,
                y,
                norm.vectors(),
                norm.width(),
                x.width(),
                x.from(),
                norm.layerStride(),
                norm.vectorStride(),
                norm.epsilon(),
                norm.bias() == null ? 0 : 1,
                rows.index());
        switch (variant) {
            case ITEMS -> launches.add(task, norm.vectors(), 1, 1, rows);
            case GROUPS ->
                launches.add(task, (long) norm.vectors() * LayerNormKernels.GROUP, LayerNormKernels.GROUP, 1, rows);
        }
    }

    private void addRms(
            TaskGraph graph,
            String task,
            KernelContext context,
            IntArray step,
            KernelVariant variant,
            LaunchPlan launches) {
        graph.task(
                task,
                switch (variant) {
                    case ITEMS -> NormKernels::rmsByItem;
                    case GROUPS -> NormKernels::rmsByGroup;
                },
                context,
                step,
                x.array(),
                norm.weight(),
                y,
                norm.vectors(),
                norm.width(),
                x.width(),
                x.from(),
                norm.layerStride(),
                norm.vectorStride(),
                norm.epsilon(),
                rows.index());
        switch (variant) {
            case ITEMS -> launches.add(task, norm.vectors(), 1, 1, rows);
            case GROUPS -> launches.add(task, (long) norm.vectors() * NormKernels.GROUP, NormKernels.GROUP, 1, rows);
        }
    }
}
