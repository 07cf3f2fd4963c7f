package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.AttentionKernels;
import dev.waterspout.kernels.device.kernels.PackedAttentionKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The operands of one attention. Selects the kernel by choice. */
record AttentionTask(
        DeviceCache cache, IntArray places, int heads, DeviceScoring scoring, FloatArray queries, FloatArray output) {
    void requireRoom(String task, int rows) {
        ArrayChecks.requireHeads(cache, heads);
        ArrayChecks.requireDistinct(task, "queries", queries, "output", output);
        long elements = (long) rows * heads * cache.headDim();
        ArrayChecks.requireSize("queries", queries, elements);
        ArrayChecks.requireSize("output", output, elements);
        ArrayChecks.requireSize("sinks", scoring.sinks(), (long) cache.layers() * heads);
    }

    /** {@return the same attention, in two tasks} */
    SplitTask split(SplitPlan plan) {
        return new SplitTask(plan, cache, places, heads, scoring, output);
    }

    /** {@return the same attention, by tiles of queries} */
    QueryTileTask tiles(QueryTilePlan plan) {
        return new QueryTileTask(plan, cache, places, heads, scoring, queries, output);
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
        boolean group = choice.cut() == KernelCut.GROUP;
        if (cache.isPacked()) {
            addPacked(graph, task, context, step, group);
        } else if (group) {
            graph.task(
                    task,
                    AttentionKernels::attendByGroup,
                    context,
                    step,
                    places,
                    queries,
                    cache.keyFloats(),
                    cache.valueFloats(),
                    scoring.sinks(),
                    output,
                    heads,
                    cache.kvHeads(),
                    cache.headDim(),
                    cache.blockSize(),
                    scoring.scale(),
                    scoring.cap(),
                    local);
        } else {
            graph.task(
                    task,
                    choice.perItem() == 1 ? AttentionKernels::attendByItem : AttentionKernels::attendByFours,
                    context,
                    step,
                    places,
                    queries,
                    cache.keyFloats(),
                    cache.valueFloats(),
                    scoring.sinks(),
                    output,
                    heads,
                    cache.kvHeads(),
                    cache.headDim(),
                    cache.blockSize(),
                    scoring.scale(),
                    scoring.cap());
        }
        launches.add(task, group ? (long) heads * local : heads, local, 1, RowCount.CHUNK);
    }

    private void addPacked(TaskGraph graph, String task, KernelContext context, IntArray step, boolean group) {
        graph.task(
                task,
                group ? PackedAttentionKernels::attendPackedByGroup : PackedAttentionKernels::attendPackedByItem,
                context,
                step,
                places,
                queries,
                cache.keyWords(),
                cache.valueWords(),
                scoring.sinks(),
                output,
                heads,
                cache.kvHeads(),
                cache.headDim(),
                cache.blockSize(),
                scoring.scale(),
                scoring.cap(),
                cache.kernelFormat());
    }
}
