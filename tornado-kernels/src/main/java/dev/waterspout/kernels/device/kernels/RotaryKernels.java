package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Rotary embedding: rotates queries and keys by their positions, and stores keys and values in the cache, in one task.
 */
public final class RotaryKernels {
    private RotaryKernels() {}

    /**
     * x is the work-item of a row, y the row. Work-items {@code [0, heads * headDim)} make one element of the rotated
     * queries each. The next {@code kvHeads * headDim} each store one element of the rotated keys and of the values in
     * the cache.
     *
     * @param places see {@link Places}
     * @param angles [chunk rows][cosine, signed sine][ropeDim], as {@code RotaryTable} lays them out
     * @param shape see {@link RotaryShape}
     * @param madeQueries [rows][query stride]
     * @param madeKeys [rows][key stride]
     * @param madeValues [rows][value stride]
     * @param queries [rows][heads][headDim], receives the rotated queries
     * @param keyCache [layers][kvHeads][capacity][headDim]
     * @param valueCache [layers][kvHeads][capacity][headDim]
     */
    public static void turnAndStore(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache) {
        turnAndStoreKeys(context, step, places, angles, shape, madeQueries, madeKeys, queries, keyCache);
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int element = context.globalIdx - shape.get(RotaryShape.HEADS) * headDim;
        int row = context.globalIdy;
        if (row < step.get(Step.ROWS) && element >= 0 && element < shape.get(RotaryShape.KV_HEADS) * headDim) {
            int source = row * shape.get(RotaryShape.VALUE_STRIDE) + shape.get(RotaryShape.VALUE_FROM) + element;
            valueCache.set(target(step, places, shape, row, element), madeValues.get(source));
        }
    }

    /** The same for a cache without values. */
    public static void turnAndStoreKeys(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray queries,
            FloatArray keyCache) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int queryItems = shape.get(RotaryShape.HEADS) * headDim;
        if (row < step.get(Step.ROWS)) {
            if (item < queryItems) {
                turnQuery(angles, shape, madeQueries, queries, item, row);
            } else if (item < queryItems + shape.get(RotaryShape.KV_HEADS) * headDim) {
                int element = item - queryItems;
                int source = row * shape.get(RotaryShape.KEY_STRIDE) + shape.get(RotaryShape.KEY_FROM) + element;
                int d = element - Division.quotient(element, headDim) * headDim;
                keyCache.set(
                        target(step, places, shape, row, element), turned(angles, shape, madeKeys, source, row, d));
            }
        }
    }

    /** Rotates an element of a row's queries. */
    static void turnQuery(
            FloatArray angles, IntArray shape, FloatArray made, FloatArray queries, int element, int row) {
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int source = row * shape.get(RotaryShape.QUERY_STRIDE) + shape.get(RotaryShape.QUERY_FROM) + element;
        int d = element - Division.quotient(element, headDim) * headDim;
        int target = row * shape.get(RotaryShape.HEADS) * headDim + element;
        queries.set(target, turned(angles, shape, made, source, row, d));
    }

    /** Returns element {@code d} of a rotated head; {@code source} is its index in {@code made}. */
    static float turned(FloatArray angles, IntArray shape, FloatArray made, int source, int row, int d) {
        float value = made.get(source);
        if (d < shape.get(RotaryShape.ROPE_DIM)) {
            value = rotated(angles, shape, value, made.get(source - d + partner(shape, d)), row, d);
        }
        return value;
    }

    /** Returns the element that forms a pair with element {@code d} of a head, one of those that are rotated. */
    static int partner(IntArray shape, int d) {
        int pairs = shape.get(RotaryShape.ROPE_DIM) >> 1;
        int partner = d < pairs ? d + pairs : d - pairs;
        if (shape.get(RotaryShape.ADJACENT) == 1) {
            partner = d ^ 1;
        }
        return partner;
    }

    /** Returns element {@code d} of a rotated head, of its value and that of the other element of its pair. */
    static float rotated(FloatArray angles, IntArray shape, float value, float other, int row, int d) {
        int ropeDim = shape.get(RotaryShape.ROPE_DIM);
        int cosines = 2 * row * ropeDim;
        int sines = cosines + ropeDim;
        return value * angles.get(cosines + d) + other * angles.get(sines + d);
    }

    /** Returns where an element of a row's keys lies in the cache. */
    static int target(IntArray step, IntArray places, IntArray shape, int row, int element) {
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int head = Division.quotient(element, headDim);
        int layerHead = step.get(Step.LAYER) * shape.get(RotaryShape.KV_HEADS) + head;
        int slot = Places.slot(
                places, Places.table(places, row), Places.position(places, row), shape.get(RotaryShape.BLOCK_SIZE));
        return (layerHead * places.get(Places.CAPACITY) + slot) * headDim + (element - head * headDim);
    }
}
