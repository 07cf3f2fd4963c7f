package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.QueryTileKernels;
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
        long items = (long) plan.groups(cache, heads) * QueryTileKernels.ITEMS;
        graph.launches.add(task, items, QueryTileKernels.ITEMS, 1, plan.stride(), RowCount.CHUNK);
    }

    private IntArray shape() {
        IntArray shape = new IntArray(QueryTileKernels.SHAPE);
        shape.set(QueryTileKernels.HEADS, heads);
        shape.set(QueryTileKernels.KV_HEADS, cache.kvHeads());
        shape.set(QueryTileKernels.BLOCK_SIZE, cache.blockSize());
        shape.set(QueryTileKernels.GROUP_HEADS, plan.groupHeads());
        shape.set(QueryTileKernels.TOKENS, plan.tokens());
        shape.set(QueryTileKernels.STRIDE, plan.stride());
        return shape;
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
