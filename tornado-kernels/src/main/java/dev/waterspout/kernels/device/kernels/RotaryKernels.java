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
     * x is the work-item of a row, y the row. Work-items {@code [0, heads * ropeDim / 2)} rotate one pair of the
     * queries in place each. The next {@code kvHeads * headDim} each store one element of the rotated keys and of the
     * values in the cache. Only the first kind writes elements that it reads, and no two work-items write the same
     * element.
     *
     * @param places see {@link Places}
     * @param angles [chunk rows][cosine, signed sine][ropeDim], as {@code RotaryTable} lays them out
     * @param queries [rows][heads][headDim]
     * @param keys [rows][kvHeads][headDim]
     * @param values [rows][kvHeads][headDim]
     * @param keyCache [layers][kvHeads][capacity][headDim]
     * @param valueCache [layers][kvHeads][capacity][headDim]
     * @param blockSize positions of a block of the cache
     * @param adjacent 1 if elements 2i and 2i + 1 form a pair, 0 if i and i + ropeDim / 2 do
     */
    public static void turnAndStore(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            FloatArray queries,
            FloatArray keys,
            FloatArray values,
            FloatArray keyCache,
            FloatArray valueCache,
            int heads,
            int kvHeads,
            int headDim,
            int ropeDim,
            int blockSize,
            int adjacent) {
        turnAndStoreKeys(
                context, step, places, angles, queries, keys, keyCache, heads, kvHeads, headDim, ropeDim, blockSize,
                adjacent);
        int element = context.globalIdx - heads * (ropeDim >> 1);
        int row = context.globalIdy;
        if (row < step.get(Step.ROWS) && element >= 0 && element < kvHeads * headDim) {
            int target = target(step, places, row, element, kvHeads, headDim, blockSize);
            valueCache.set(target, values.get(row * kvHeads * headDim + element));
        }
    }

    /** The same for a cache without values. */
    public static void turnAndStoreKeys(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            FloatArray queries,
            FloatArray keys,
            FloatArray keyCache,
            int heads,
            int kvHeads,
            int headDim,
            int ropeDim,
            int blockSize,
            int adjacent) {
        int item = context.globalIdx;
        int row = context.globalIdy;
        int pairItems = heads * (ropeDim >> 1);
        if (row < step.get(Step.ROWS)) {
            if (item < pairItems) {
                turnPair(angles, queries, item, row, heads, headDim, ropeDim, adjacent);
            } else if (item < pairItems + kvHeads * headDim) {
                int element = item - pairItems;
                int source = row * kvHeads * headDim + element;
                int target = target(step, places, row, element, kvHeads, headDim, blockSize);
                int d = element - element / headDim * headDim;
                keyCache.set(target, turnedKey(angles, keys, source, row, d, headDim, ropeDim, adjacent));
            }
        }
    }

    static void turnPair(
            FloatArray angles,
            FloatArray queries,
            int item,
            int row,
            int heads,
            int headDim,
            int ropeDim,
            int adjacent) {
        int pairs = ropeDim >> 1;
        int head = item / pairs;
        int pair = item - head * pairs;
        int i = adjacent == 1 ? 2 * pair : pair;
        int j = adjacent == 1 ? i + 1 : i + pairs;
        int cosines = 2 * row * ropeDim;
        int sines = cosines + ropeDim;
        int base = (row * heads + head) * headDim;
        float first = queries.get(base + i);
        float second = queries.get(base + j);
        queries.set(base + i, first * angles.get(cosines + i) + second * angles.get(sines + i));
        queries.set(base + j, second * angles.get(cosines + j) + first * angles.get(sines + j));
    }

    static float turnedKey(
            FloatArray angles, FloatArray keys, int source, int row, int d, int headDim, int ropeDim, int adjacent) {
        int pairs = ropeDim >> 1;
        int cosines = 2 * row * ropeDim;
        int sines = cosines + ropeDim;
        float key = keys.get(source);
        // With one KV head of ropeDim elements the second condition is always true, which TornadoVM fails to
        // compile. The first condition is folded to a constant before, and removes the second one.
        if (ropeDim == headDim || d < ropeDim) {
            int partner = d < pairs ? d + pairs : d - pairs;
            if (adjacent == 1) {
                partner = d ^ 1;
            }
            float other = keys.get(source - d + partner);
            key = key * angles.get(cosines + d) + other * angles.get(sines + d);
        }
        return key;
    }

    /** Returns the index of an element of a row's keys in the cache. */
    private static int target(
            IntArray step, IntArray places, int row, int element, int kvHeads, int headDim, int blockSize) {
        int head = element / headDim;
        int layerHead = step.get(Step.LAYER) * kvHeads + head;
        int slot = Places.slot(places, Places.table(places, row), Places.position(places, row), blockSize);
        return (layerHead * places.get(Places.CAPACITY) + slot) * headDim + (element - head * headDim);
    }
}
