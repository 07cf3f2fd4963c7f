package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.NormKernels;
import dev.waterspout.kernels.device.kernels.NormedRotaryKernels;
import dev.waterspout.kernels.device.kernels.PackedCacheKernels;
import dev.waterspout.kernels.device.kernels.RotaryKernels;
import dev.waterspout.kernels.device.kernels.RotaryShape;
import dev.waterspout.kernels.device.kernels.TurnedAttentionKernels;
import dev.waterspout.kernels.host.RopePairing;
import java.util.Objects;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The operands of one rotary embedding, which stores keys and values in the cache. Selects the kernel by the cache's
 * type.
 *
 * @param rope angles
 * @param cache receives keys and values
 * @param places places of the rows in the cache
 * @param heads query heads
 * @param made queries, keys and values before the rotation
 * @param queries [rows][heads][headDim], receives the rotated queries
 */
record RotaryTask(
        DeviceRope rope, DeviceCache cache, IntArray places, int heads, HeadColumns made, FloatArray queries) {
    private static final int ELEMENTS = KernelCandidates.ELEMENTS;

    void requireRoom(String task, int rows) {
        int headDim = cache.headDim();
        if (rope.ropeDim() > headDim || rope.rows() < rows) {
            throw new IllegalArgumentException("rotary table of " + rope.rows() + " rows and ropeDim=" + rope.ropeDim()
                    + ": needs " + rows + " rows and at most headDim=" + headDim);
        }
        ArrayChecks.requireHeads(cache, heads);
        ArrayChecks.requireDistinct(task, "queries", made.queries().array(), "rotated queries", queries);
        made.queries().requireRoom("queries", rows, 1, heads * headDim);
        made.keys().requireRoom("keys", rows, 1, kvWidth());
        if (!cache.hasKeysOnly()) {
            values().requireRoom("values", rows, 1, kvWidth());
        }
        ArrayChecks.requireSize("rotated queries", queries, (long) rows * heads * headDim);
        DeviceNorm norms = made.norms();
        if (norms != null && (norms.vectors() != heads + cache.kvHeads() || norms.width() != headDim)) {
            throw new IllegalArgumentException("norms of " + norms.vectors() + " heads of " + norms.width()
                    + " elements: there are " + (heads + cache.kvHeads()) + " of " + headDim);
        }
    }

    DeviceColumns values() {
        return Objects.requireNonNull(made.values(), "the cache has values");
    }

    private int kvWidth() {
        return cache.kvHeads() * cache.headDim();
    }

    private static int group(KernelVariant variant) {
        return switch (variant) {
            case ITEMS -> 1;
            case GROUPS -> NormKernels.GROUP;
        };
    }

    /** {@return the array that describes the task to its kernels} */
    IntArray shape(KernelVariant variant) {
        IntArray shape = new IntArray(RotaryShape.SIZE);
        shape.set(RotaryShape.HEADS, heads);
        shape.set(RotaryShape.KV_HEADS, cache.kvHeads());
        shape.set(RotaryShape.HEAD_DIM, cache.headDim());
        shape.set(RotaryShape.ROPE_DIM, rope.ropeDim());
        shape.set(RotaryShape.BLOCK_SIZE, cache.blockSize());
        shape.set(RotaryShape.ADJACENT, rope.pairing() == RopePairing.ADJACENT ? 1 : 0);
        shape.set(RotaryShape.QUERY_STRIDE, made.queries().width());
        shape.set(RotaryShape.QUERY_FROM, made.queries().from());
        shape.set(RotaryShape.KEY_STRIDE, made.keys().width());
        shape.set(RotaryShape.KEY_FROM, made.keys().from());
        DeviceColumns values = made.values();
        shape.set(RotaryShape.VALUE_STRIDE, values == null ? 0 : values.width());
        shape.set(RotaryShape.VALUE_FROM, values == null ? 0 : values.from());
        DeviceNorm norms = made.norms();
        shape.set(RotaryShape.NORM_STRIDE, norms == null ? 0 : norms.layerStride());
        shape.set(RotaryShape.NORM_HEAD, norms == null ? 0 : norms.vectorStride());
        shape.set(RotaryShape.NORM_LANES, group(variant));
        return shape;
    }

    /** {@return the same for a task that attends, too} */
    IntArray attendingShape(KernelGraph graph) {
        IntArray shape = shape(graph.device.variant());
        shape.set(RotaryShape.OWN_FROM, cache.keys().getSize() - cache.own());
        shape.set(RotaryShape.OWN_ROWS, graph.maxRows);
        return shape;
    }

    /** Adds the task. */
    void add(
            TaskGraph graph,
            String task,
            KernelContext context,
            IntArray step,
            KernelVariant variant,
            LaunchPlan launches) {
        IntArray shape = shape(variant);
        graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        if (made.norms() != null) {
            addNormed(graph, task, context, step, shape, made.norms());
            int local = group(variant);
            launches.add(task, (long) (heads + cache.kvHeads()) * local, local, 1, RowCount.CHUNK);
            return;
        }
        if (cache.isPacked()) {
            addPacked(graph, task, context, step, shape);
        } else {
            addFloats(graph, task, context, step, shape);
        }
        int ofKeys = cache.isPacked() ? cache.runs() : kvWidth();
        launches.add(task, (long) heads * cache.headDim() + ofKeys, ELEMENTS, 1, RowCount.CHUNK);
    }

    /**
     * Returns whether one task can rotate, store and attend with a choice: the cache has values, and rows of the query
     * heads' own, and the kernel attends to one position at a time. By a work-item, norms of heads have one partial
     * sum.
     */
    boolean attends(int rows, KernelChoice choice, KernelVariant variant) {
        boolean exists = switch (choice.cut()) {
            case GROUP, SPLIT, QUERIES -> true;
            case PLAIN -> choice.perItem() == 1 && (made.norms() == null || variant == KernelVariant.ITEMS);
            default -> false;
        };
        return exists
                && !cache.hasKeysOnly()
                && cache.own() >= DeviceCache.ownElements(cache.type(), cache.headDim(), heads, rows);
    }

    /** {@return the weights of the heads' norms; any array if they have none} */
    FloatArray normWeights() {
        return made.norms() == null ? rope.angles() : made.norms().weight();
    }

    float normEpsilon() {
        return made.norms() == null ? NormedRotaryKernels.NO_NORM : made.norms().epsilon();
    }

    /** Adds the task that also attends. */
    void addAttending(KernelGraph graph, String task, DeviceScoring scoring, FloatArray output, KernelChoice choice) {
        IntArray shape = attendingShape(graph);
        boolean group = choice.cut() == KernelCut.GROUP;
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        if (cache.isPacked()) {
            graph.graph.task(
                    task,
                    group
                            ? TurnedAttentionKernels::turnAndAttendPackedByGroup
                            : TurnedAttentionKernels::turnAndAttendPackedByItem,
                    graph.context,
                    graph.step,
                    places,
                    rope.angles(),
                    shape,
                    made.queries().array(),
                    made.keys().array(),
                    values().array(),
                    normWeights(),
                    cache.keyWords(),
                    cache.valueWords(),
                    scoring.sinks(),
                    queries,
                    output,
                    cache.headDim(),
                    scoring.scale(),
                    scoring.cap(),
                    normEpsilon(),
                    cache.kernelFormat());
        } else {
            graph.graph.task(
                    task,
                    group ? TurnedAttentionKernels::turnAndAttendByGroup : TurnedAttentionKernels::turnAndAttendByItem,
                    graph.context,
                    graph.step,
                    places,
                    rope.angles(),
                    shape,
                    made.queries().array(),
                    made.keys().array(),
                    values().array(),
                    normWeights(),
                    cache.keyFloats(),
                    cache.valueFloats(),
                    scoring.sinks(),
                    queries,
                    output,
                    cache.headDim(),
                    scoring.scale(),
                    scoring.cap(),
                    normEpsilon());
        }
        long items = group ? (long) heads * choice.local() : heads;
        graph.launches.add(task, items, choice.local(), 1, RowCount.CHUNK);
    }

    private void addNormed(
            TaskGraph graph, String task, KernelContext context, IntArray step, IntArray shape, DeviceNorm norms) {
        if (cache.isPacked()) {
            graph.task(
                    task,
                    NormedRotaryKernels::normAndPack,
                    context,
                    step,
                    places,
                    rope.angles(),
                    shape,
                    made.queries().array(),
                    made.keys().array(),
                    values().array(),
                    norms.weight(),
                    queries,
                    cache.keyWords(),
                    cache.valueWords(),
                    norms.epsilon(),
                    cache.kernelFormat());
        } else {
            graph.task(
                    task,
                    NormedRotaryKernels::normAndStore,
                    context,
                    step,
                    places,
                    rope.angles(),
                    shape,
                    made.queries().array(),
                    made.keys().array(),
                    values().array(),
                    norms.weight(),
                    queries,
                    cache.keyFloats(),
                    cache.valueFloats(),
                    norms.epsilon());
        }
    }

    private void addFloats(TaskGraph graph, String task, KernelContext context, IntArray step, IntArray shape) {
        if (cache.hasKeysOnly()) {
            graph.task(
                    task,
                    RotaryKernels::turnAndStoreKeys,
                    context,
                    step,
                    places,
                    rope.angles(),
                    shape,
                    made.queries().array(),
                    made.keys().array(),
                    queries,
                    cache.keyFloats());
        } else {
            graph.task(
                    task,
                    RotaryKernels::turnAndStore,
                    context,
                    step,
                    places,
                    rope.angles(),
                    shape,
                    made.queries().array(),
                    made.keys().array(),
                    values().array(),
                    queries,
                    cache.keyFloats(),
                    cache.valueFloats());
        }
    }

    private void addPacked(TaskGraph graph, String task, KernelContext context, IntArray step, IntArray shape) {
        if (cache.hasKeysOnly()) {
            graph.task(
                    task,
                    PackedCacheKernels::turnAndPackKeys,
                    context,
                    step,
                    places,
                    rope.angles(),
                    shape,
                    made.queries().array(),
                    made.keys().array(),
                    queries,
                    cache.keyWords(),
                    cache.kernelFormat());
        } else {
            graph.task(
                    task,
                    PackedCacheKernels::turnAndPack,
                    context,
                    step,
                    places,
                    rope.angles(),
                    shape,
                    made.queries().array(),
                    made.keys().array(),
                    values().array(),
                    queries,
                    cache.keyWords(),
                    cache.valueWords(),
                    cache.kernelFormat());
        }
    }
}
