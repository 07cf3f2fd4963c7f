package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.AttentionKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The operands of one attention. Selects the kernel by choice. */
record AttentionTask(
        DeviceCache cache, IntArray places, int heads, DeviceScoring scoring, FloatArray queries, FloatArray output) {
    /** Adds the task with the kernel of a choice. */
    void add(
            TaskGraph graph,
            String task,
            KernelContext context,
            IntArray step,
            KernelChoice choice,
            LaunchPlan launches) {
        int local = choice.local();
        if (choice.cut() == KernelCut.GROUP) {
            graph.task(
                    task,
                    AttentionKernels::attendByGroup,
                    context,
                    step,
                    places,
                    queries,
                    cache.keys(),
                    cache.values(),
                    scoring.sinks(),
                    output,
                    heads,
                    cache.kvHeads(),
                    cache.headDim(),
                    cache.blockSize(),
                    scoring.scale(),
                    scoring.cap(),
                    local);
            launches.add(task, (long) heads * local, local, 1, RowCount.CHUNK);
        } else {
            graph.task(
                    task,
                    choice.perItem() == 1 ? AttentionKernels::attendByItem : AttentionKernels::attendByFours,
                    context,
                    step,
                    places,
                    queries,
                    cache.keys(),
                    cache.values(),
                    scoring.sinks(),
                    output,
                    heads,
                    cache.kvHeads(),
                    cache.headDim(),
                    cache.blockSize(),
                    scoring.scale(),
                    scoring.cap());
            launches.add(task, heads, local, 1, RowCount.CHUNK);
        }
    }
}
