package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.RotaryShape;
import dev.waterspout.kernels.device.kernels.SplitAttentionKernels;
import dev.waterspout.kernels.device.kernels.SplitSumKernels;
import dev.waterspout.kernels.device.kernels.TurnedSplitKernels;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The two tasks of a split attention: one that attends to parts of the positions, and one that adds the parts, whose
 * name has the suffix {@code Sum}.
 *
 * @param plan division of the work
 * @param cache keys and values
 * @param places places of the rows in the cache
 * @param heads query heads
 * @param scoring scale, soft cap and sinks of the scores
 * @param output [rows][heads][headDim]
 */
record SplitTask(
        SplitPlan plan, DeviceCache cache, IntArray places, int heads, DeviceScoring scoring, FloatArray output) {
    /**
     * Adds the tasks.
     *
     * @param queries [rows][heads][headDim], rotated
     */
    void add(KernelGraph graph, String task, FloatArray queries) {
        IntArray shape = new IntArray(RotaryShape.SIZE);
        shape.init(0);
        shape.set(RotaryShape.HEADS, heads);
        shape.set(RotaryShape.KV_HEADS, cache.kvHeads());
        shape.set(RotaryShape.BLOCK_SIZE, cache.blockSize());
        FloatArray partials = partials(graph, shape);
        if (cache.isPacked()) {
            addPackedParts(graph, task, shape, queries, partials);
        } else {
            addParts(graph, task, shape, queries, partials);
        }
        addGroups(graph, task);
        addSum(graph, task, shape, partials);
    }

    private void addParts(KernelGraph graph, String task, IntArray shape, FloatArray queries, FloatArray partials) {
        graph.graph.task(
                task,
                SplitAttentionKernels::attendParts,
                graph.context,
                graph.step,
                places,
                shape,
                queries,
                cache.keyFloats(),
                cache.valueFloats(),
                partials,
                cache.headDim(),
                scoring.scale(),
                scoring.cap(),
                plan.groupHeads(),
                plan.local());
    }

    private void addPackedParts(
            KernelGraph graph, String task, IntArray shape, FloatArray queries, FloatArray partials) {
        graph.graph.task(
                task,
                SplitAttentionKernels::attendPackedParts,
                graph.context,
                graph.step,
                places,
                shape,
                queries,
                cache.keyWords(),
                cache.valueWords(),
                partials,
                cache.headDim(),
                scoring.scale(),
                scoring.cap(),
                cache.kernelFormat(),
                plan.groupHeads(),
                plan.local());
    }

    /** Adds tasks that also rotate queries and keys, and store keys and values. */
    void addTurning(KernelGraph graph, String task, RotaryTask rotary) {
        IntArray shape = rotary.attendingShape(graph);
        FloatArray partials = partials(graph, shape);
        if (cache.isPacked()) {
            graph.graph.task(
                    task,
                    TurnedSplitKernels::turnAndAttendPackedParts,
                    graph.context,
                    graph.step,
                    places,
                    rotary.rope().angles(),
                    shape,
                    rotary.made().queries().array(),
                    rotary.made().keys().array(),
                    rotary.values().array(),
                    rotary.normWeights(),
                    cache.keyWords(),
                    cache.valueWords(),
                    partials,
                    cache.headDim(),
                    scoring.scale(),
                    scoring.cap(),
                    rotary.normEpsilon(),
                    cache.kernelFormat(),
                    plan.groupHeads(),
                    plan.local());
        } else {
            graph.graph.task(
                    task,
                    TurnedSplitKernels::turnAndAttendParts,
                    graph.context,
                    graph.step,
                    places,
                    rotary.rope().angles(),
                    shape,
                    rotary.made().queries().array(),
                    rotary.made().keys().array(),
                    rotary.values().array(),
                    rotary.normWeights(),
                    cache.keyFloats(),
                    cache.valueFloats(),
                    partials,
                    cache.headDim(),
                    scoring.scale(),
                    scoring.cap(),
                    rotary.normEpsilon(),
                    plan.groupHeads(),
                    plan.local());
        }
        addGroups(graph, task);
        addSum(graph, task, shape, partials);
    }

    private void addSum(KernelGraph graph, String task, IntArray shape, FloatArray partials) {
        String sum = task + "Sum";
        graph.graph.task(
                sum,
                SplitSumKernels::sumParts,
                graph.context,
                graph.step,
                places,
                shape,
                scoring.sinks(),
                partials,
                output,
                cache.headDim());
        graph.launches.add(sum, (long) heads * plan.local(), plan.local(), 1, RowCount.CHUNK);
    }

    /** Completes the array that describes the attention, and allocates what one task leaves for the other. */
    private FloatArray partials(KernelGraph graph, IntArray shape) {
        shape.set(RotaryShape.PARTS, plan.parts());
        shape.set(RotaryShape.LEAST_POSITIONS, plan.leastPositions());
        FloatArray partials = new FloatArray(Math.toIntExact(graph.maxRows * plan.partials(heads, cache.headDim())));
        partials.init(0);
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape, partials);
        return partials;
    }

    private void addGroups(KernelGraph graph, String task) {
        long items = (long) plan.groups(cache, heads) * plan.local();
        graph.launches.add(task, items, plan.local(), 1, RowCount.CHUNK);
    }
}
