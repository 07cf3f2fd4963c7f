package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.RotaryKernels;
import dev.waterspout.kernels.host.RopePairing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The operands of one rotary embedding, which stores what it turns. Selects the kernel by what the cache holds. */
record RotaryTask(
        DeviceRope rope,
        DeviceCache cache,
        IntArray places,
        int heads,
        FloatArray queries,
        FloatArray keys,
        FloatArray values) {
    void requireRoom(int rows) {
        int headDim = cache.headDim();
        if (rope.ropeDim() > headDim || rope.rows() < rows) {
            throw new IllegalArgumentException("rotary table of " + rope.rows() + " rows and ropeDim=" + rope.ropeDim()
                    + ": needs " + rows + " rows and at most headDim=" + headDim);
        }
        ArrayChecks.requireHeads(cache, heads);
        ArrayChecks.requireSize("queries", queries, (long) rows * heads * headDim);
        ArrayChecks.requireSize("keys", keys, (long) rows * kvWidth());
        ArrayChecks.requireSize("values", values, cache.hasKeysOnly() ? 0 : (long) rows * kvWidth());
    }

    private int kvWidth() {
        return cache.kvHeads() * cache.headDim();
    }

    /** {@return work-items of a row: one per pair of queries, and one per element of keys} */
    long itemsOfRow() {
        return (long) heads * (rope.ropeDim() / 2) + kvWidth();
    }

    void add(TaskGraph graph, String task, KernelContext context, IntArray step) {
        int adjacent = rope.pairing() == RopePairing.ADJACENT ? 1 : 0;
        if (cache.hasKeysOnly()) {
            graph.task(
                    task,
                    RotaryKernels::turnAndStoreKeys,
                    context,
                    step,
                    places,
                    rope.angles(),
                    queries,
                    keys,
                    cache.keys(),
                    heads,
                    cache.kvHeads(),
                    cache.headDim(),
                    rope.ropeDim(),
                    cache.blockSize(),
                    adjacent);
        } else {
            graph.task(
                    task,
                    RotaryKernels::turnAndStore,
                    context,
                    step,
                    places,
                    rope.angles(),
                    queries,
                    keys,
                    values,
                    cache.keys(),
                    cache.values(),
                    heads,
                    cache.kvHeads(),
                    cache.headDim(),
                    rope.ropeDim(),
                    cache.blockSize(),
                    adjacent);
        }
    }
}
