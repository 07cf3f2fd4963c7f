package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Stores keys and values in a cache of f16 or q8_0, in the words of {@link CachedWords}: one work-item per run of
 * elements of a head, which are encoded together. Caches are [layers][kvHeads][capacity][words of a head].
 */
public final class PackedCacheKernels {
    private PackedCacheKernels() {}

    /**
     * x is the work-item of a row, y the row. Work-items {@code [0, heads * headDim)} make one element of the rotated
     * queries each, the others encode a run of rotated keys and one of values each.
     *
     * @param places see {@link Places}
     * @param angles [chunk rows][cosine, signed sine][ropeDim]
     * @param shape see {@link RotaryShape}
     * @param madeQueries [rows][query stride]
     * @param madeKeys [rows][key stride]
     * @param madeValues [rows][value stride]
     * @param queries [rows][heads][headDim], receives the rotated queries
     * @param format see {@link CachedWords}
     */
    public static void turnAndPack(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray madeValues,
            FloatArray queries,
            IntArray keyCache,
            IntArray valueCache,
            int format) {
        turnAndPackKeys(context, step, places, angles, shape, madeQueries, madeKeys, queries, keyCache, format);
        float[] run = new float[CachedWords.PIECE];
        int row = context.globalIdy;
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int number = context.globalIdx - shape.get(RotaryShape.HEADS) * headDim;
        int runs = runs(headDim, format);
        if (row < step.get(Step.ROWS) && number > -1 && number < shape.get(RotaryShape.KV_HEADS) * runs) {
            int head = number / runs;
            int first = (number - head * runs) * CachedWords.runElements(format);
            int source = row * shape.get(RotaryShape.VALUE_STRIDE) + shape.get(RotaryShape.VALUE_FROM) + head * headDim;
            for (int i = 0; i < CachedWords.runElements(format); i++) {
                run[i] = madeValues.get(source + TornadoMath.min(first + i, headDim - 1));
            }
            CachedWords.store(run, valueCache, target(step, places, shape, row, head, first, format), format);
        }
    }

    /** The same for a cache without values. */
    public static void turnAndPackKeys(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            IntArray shape,
            FloatArray madeQueries,
            FloatArray madeKeys,
            FloatArray queries,
            IntArray keyCache,
            int format) {
        float[] run = new float[CachedWords.PIECE];
        int row = context.globalIdy;
        int item = context.globalIdx;
        int headDim = shape.get(RotaryShape.HEAD_DIM);
        int queryItems = shape.get(RotaryShape.HEADS) * headDim;
        int runs = runs(headDim, format);
        if (row < step.get(Step.ROWS)) {
            if (item < queryItems) {
                RotaryKernels.turnQuery(angles, shape, madeQueries, queries, item, row);
            } else if (item < queryItems + shape.get(RotaryShape.KV_HEADS) * runs) {
                int number = item - queryItems;
                int head = number / runs;
                int first = (number - head * runs) * CachedWords.runElements(format);
                int source = row * shape.get(RotaryShape.KEY_STRIDE) + shape.get(RotaryShape.KEY_FROM) + head * headDim;
                for (int i = 0; i < CachedWords.runElements(format); i++) {
                    // The padding after a head with an odd number of elements is never read.
                    int d = TornadoMath.min(first + i, headDim - 1);
                    run[i] = RotaryKernels.turned(angles, shape, madeKeys, source + d, row, d);
                }
                CachedWords.store(run, keyCache, target(step, places, shape, row, head, first, format), format);
            }
        }
    }

    /** {@return the runs of a head} */
    public static int runs(int headDim, int format) {
        int elements = CachedWords.runElements(format);
        return (headDim + elements - 1) / elements;
    }

    /** Returns the word at which a run of a row's head lies in the cache. */
    static int target(IntArray step, IntArray places, IntArray shape, int row, int head, int first, int format) {
        int layerHead = step.get(Step.LAYER) * shape.get(RotaryShape.KV_HEADS) + head;
        int slot = Places.slot(
                places, Places.table(places, row), Places.position(places, row), shape.get(RotaryShape.BLOCK_SIZE));
        return (layerHead * places.get(Places.CAPACITY) + slot)
                        * CachedWords.rowWords(shape.get(RotaryShape.HEAD_DIM), format)
                + CachedWords.rowWords(first, format);
    }
}
