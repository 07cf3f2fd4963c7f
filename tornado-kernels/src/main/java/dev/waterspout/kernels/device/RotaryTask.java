package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.PackedCacheKernels;
import dev.waterspout.kernels.device.kernels.RotaryKernels;
import dev.waterspout.kernels.host.RopePairing;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The operands of one rotary embedding, which stores its result in the cache. Selects the kernel by the cache's
 * contents.
 */
record RotaryTask(
        DeviceRope rope,
        DeviceCache cache,
        IntArray places,
        int heads,
        FloatArray queries,
        FloatArray keys,
        FloatArray values) {
    private static final int ELEMENTS = KernelCandidates.ELEMENTS;

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

    /** Adds the tasks; where the cache is not of f32, values are stored by a task of their own. */
    void add(TaskGraph graph, String task, KernelContext context, IntArray step, LaunchPlan launches) {
        long pairs = (long) heads * (rope.ropeDim() / 2);
        if (cache.isPacked()) {
            addPacked(graph, task, context, step);
            launches.add(task, pairs + cache.runs(), ELEMENTS, 1, RowCount.CHUNK);
            if (!cache.hasKeysOnly()) {
                addPackedValues(graph, task + "Values", context, step);
                launches.add(task + "Values", cache.runs(), ELEMENTS, 1, RowCount.CHUNK);
            }
        } else {
            addFloats(graph, task, context, step);
            launches.add(task, pairs + kvWidth(), ELEMENTS, 1, RowCount.CHUNK);
        }
    }

    private int adjacent() {
        return rope.pairing() == RopePairing.ADJACENT ? 1 : 0;
    }

    private void addPacked(TaskGraph graph, String task, KernelContext context, IntArray step) {
        graph.task(
                task,
                PackedCacheKernels::turnAndPackKeys,
                context,
                step,
                places,
                rope.angles(),
                queries,
                keys,
                cache.keyWords(),
                heads,
                cache.kvHeads(),
                cache.headDim(),
                rope.ropeDim(),
                cache.blockSize(),
                adjacent(),
                cache.kernelFormat());
    }

    private void addPackedValues(TaskGraph graph, String task, KernelContext context, IntArray step) {
        graph.task(
                task,
                PackedCacheKernels::packValues,
                context,
                step,
                places,
                values,
                cache.valueWords(),
                cache.kvHeads(),
                cache.headDim(),
                cache.blockSize(),
                cache.kernelFormat());
    }

    private void addFloats(TaskGraph graph, String task, KernelContext context, IntArray step) {
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
                    cache.keyFloats(),
                    heads,
                    cache.kvHeads(),
                    cache.headDim(),
                    rope.ropeDim(),
                    cache.blockSize(),
                    adjacent());
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
                    cache.keyFloats(),
                    cache.valueFloats(),
                    heads,
                    cache.kvHeads(),
                    cache.headDim(),
                    rope.ropeDim(),
                    cache.blockSize(),
                    adjacent());
        }
    }
}
