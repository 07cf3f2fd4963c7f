package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.NormKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The operands of one normalization, and the two kernels that take them.
 *
 * @param norm weights
 * @param x [rows][vectors][width]
 * @param factors [rows][vectors], working memory
 * @param y [rows][vectors][width], may be {@code x}
 * @param rows which rows
 */
record NormTask(DeviceNorm norm, FloatArray x, FloatArray factors, FloatArray y, RowCount rows) {

    /** Adds the kernels of a variant. */
    void add(
            TaskGraph graph,
            String task,
            KernelContext context,
            IntArray step,
            KernelVariant variant,
            LaunchPlan launches) {
        String first = task + "Factors";
        String second = task + "Apply";
        int vectors = norm.vectors();
        int width = norm.width();
        float epsilon = norm.epsilon();
        switch (variant) {
            case ITEMS -> {
                graph.task(
                        first,
                        NormKernels::factorsByItem,
                        context,
                        step,
                        x,
                        factors,
                        vectors,
                        width,
                        epsilon,
                        rows.index());
                launches.add(first, vectors, 1, 1, rows);
            }
            case GROUPS -> {
                graph.task(
                        first,
                        NormKernels::factorsByGroup,
                        context,
                        step,
                        x,
                        factors,
                        vectors,
                        width,
                        epsilon,
                        rows.index());
                launches.add(first, (long) vectors * NormKernels.GROUP, NormKernels.GROUP, 1, rows);
            }
        }
        graph.task(
                second,
                NormKernels::applyFactors,
                context,
                step,
                x,
                factors,
                norm.weight(),
                y,
                vectors,
                width,
                norm.layerStride(),
                rows.index());
        launches.add(second, (long) vectors * width, KernelCandidates.ELEMENTS, 1, rows);
    }
}
