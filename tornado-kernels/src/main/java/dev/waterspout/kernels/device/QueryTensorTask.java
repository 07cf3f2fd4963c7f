package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.QueryTensorKernels;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * An attention by tiles of queries on tensor cores.
 *
 * @param tiles operands, and a plan of tiles of {@value QueryTensorKernels#ROWS} queries
 */
record QueryTensorTask(QueryTileTask tiles) {
    /**
     * Adds the task.
     *
     * @param shape the array that describes the attention
     */
    void add(KernelGraph graph, String task, IntArray shape) {
        FloatArray sums = graph.tensorSums.of(graph.graph);
        DeviceCache cache = tiles.cache();
        if (cache.isPacked()) {
            addPacked(graph, task, shape, sums);
        } else {
            graph.graph.task(
                    task,
                    QueryTensorKernels::attendTensorTiles,
                    graph.context,
                    graph.step,
                    tiles.places(),
                    shape,
                    tiles.queries(),
                    cache.keyFloats(),
                    cache.valueFloats(),
                    tiles.scoring().sinks(),
                    sums,
                    tiles.output(),
                    cache.headDim(),
                    tiles.scoring().scale(),
                    tiles.scoring().cap());
        }
        long most = (long) tiles.plan().groups(cache, tiles.heads())
                * Math.ceilDiv(graph.maxRows, tiles.plan().stride());
        long groups = Math.min(QueryTensorKernels.MOST_GROUPS, most);
        graph.launches.add(task, groups * QueryTensorKernels.ITEMS, QueryTensorKernels.ITEMS, 0, RowCount.CHUNK);
    }

    private void addPacked(KernelGraph graph, String task, IntArray shape, FloatArray sums) {
        DeviceCache cache = tiles.cache();
        graph.graph.task(
                task,
                QueryTensorKernels::attendPackedTensorTiles,
                graph.context,
                graph.step,
                tiles.places(),
                shape,
                tiles.queries(),
                cache.keyWords(),
                cache.valueWords(),
                tiles.scoring().sinks(),
                sums,
                tiles.output(),
                cache.headDim(),
                tiles.scoring().scale(),
                tiles.scoring().cap(),
                cache.kernelFormat());
    }
}
