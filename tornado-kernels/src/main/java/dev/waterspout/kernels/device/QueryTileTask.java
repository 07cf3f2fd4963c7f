package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.QueryTileKernels;
import dev.waterspout.kernels.device.kernels.RotaryShape;
import dev.waterspout.kernels.device.kernels.TurnedTileKernels;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * An attention by tiles of queries.
 *
 * @param plan division of the work
 * @param cache keys and values
 * @param places places of the rows in the cache
 * @param heads query heads
 * @param scoring scale, soft cap and sinks of the scores
 * @param queries [rows][heads][headDim], rotated
 * @param output [rows][heads][headDim]
 */
record QueryTileTask(
        QueryTilePlan plan,
        DeviceCache cache,
        IntArray places,
        int heads,
        DeviceScoring scoring,
        FloatArray queries,
        FloatArray output) {
    /**
     * Adds the task.
     *
     * @param tensor whether tensor cores multiply
     */
    void add(KernelGraph graph, String task, boolean tensor) {
        IntArray shape = shape();
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        if (tensor) {
            new QueryTensorTask(this).add(graph, task, shape);
            return;
        }
        if (cache.isPacked()) {
            addPacked(graph, task, shape);
        } else {
            graph.graph.task(
                    task,
                    QueryTileKernels::attendTiles,
                    graph.context,
                    graph.step,
                    places,
                    shape,
                    queries,
                    cache.keyFloats(),
                    cache.valueFloats(),
                    scoring.sinks(),
                    output,
                    cache.headDim(),
                    scoring.scale(),
                    scoring.cap(),
                    plan.itemRows());
        }
        addGroups(graph, task);
    }

    private void describe(IntArray shape) {
        shape.set(RotaryShape.TILE_HEADS, plan.groupHeads());
        shape.set(RotaryShape.TILE_TOKENS, plan.tokens());
        shape.set(RotaryShape.TILE_STRIDE, plan.stride());
    }

    private void addGroups(KernelGraph graph, String task) {
        long items = (long) plan.groups(cache, heads) * QueryTileKernels.ITEMS;
        graph.launches.add(task, items, QueryTileKernels.ITEMS, 1, plan.stride(), RowCount.CHUNK);
    }

    private IntArray shape() {
        IntArray shape = new IntArray(RotaryShape.SIZE);
        shape.init(0);
        shape.set(RotaryShape.HEADS, heads);
        shape.set(RotaryShape.KV_HEADS, cache.kvHeads());
        shape.set(RotaryShape.BLOCK_SIZE, cache.blockSize());
        describe(shape);
        return shape;
    }

    /** Adds a task that also rotates queries and keys, and stores keys and values, for tiles of one token. */
    void addTurning(KernelGraph graph, String task, RotaryTask rotary) {
        IntArray shape = rotary.attendingShape(graph);
        describe(shape);
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        if (cache.isPacked()) {
            graph.graph.task(
                    task,
                    TurnedTileKernels::turnAndAttendPackedTiles,
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
                    scoring.sinks(),
                    queries,
                    output,
                    cache.headDim(),
                    scoring.scale(),
                    scoring.cap(),
                    rotary.normEpsilon(),
                    cache.kernelFormat(),
                    plan.itemRows());
        } else {
            graph.graph.task(
                    task,
                    TurnedTileKernels::turnAndAttendTiles,
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
                    scoring.sinks(),
                    queries,
                    output,
                    cache.headDim(),
                    scoring.scale(),
                    scoring.cap(),
                    rotary.normEpsilon(),
                    plan.itemRows());
        }
        addGroups(graph, task);
    }

    private void addPacked(KernelGraph graph, String task, IntArray shape) {
        graph.graph.task(
                task,
                QueryTileKernels::attendPackedTiles,
                graph.context,
                graph.step,
                places,
                shape,
                queries,
                cache.keyWords(),
                cache.valueWords(),
                scoring.sinks(),
                output,
                cache.headDim(),
                scoring.scale(),
                scoring.cap(),
                cache.kernelFormat(),
                plan.itemRows());
    }
}
