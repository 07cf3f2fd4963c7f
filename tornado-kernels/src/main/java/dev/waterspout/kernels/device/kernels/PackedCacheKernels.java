package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Stores keys and values in a cache of f16 or q8_0, in the words of {@link CachedWords}: one work-item per run of
 * elements of a head, which are encoded together. Caches are [layers][kvHeads][capacity][words of a head];
 * {@code blockSize} is the number of positions of a block of the cache.
 */
public final class PackedCacheKernels {
    private PackedCacheKernels() {}

    /**
     * Rotates queries in place and stores rotated keys: x is the work-item of a row, y the row. Work-items
     * {@code [0, heads * ropeDim / 2)} rotate one pair of the queries each, the others encode a run of keys each.
     *
     * @param places see {@link Places}
     * @param angles [chunk rows][cosine, signed sine][ropeDim]
     * @param queries [rows][heads][headDim]
     * @param keys [rows][kvHeads][headDim]
     * @param adjacent 1 if elements 2i and 2i + 1 form a pair, 0 if i and i + ropeDim / 2 do
     * @param format see {@link CachedWords}
     */
    public static void turnAndPackKeys(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray angles,
            FloatArray queries,
            FloatArray keys,
            IntArray keyCache,
            int heads,
            int kvHeads,
            int headDim,
            int ropeDim,
            int blockSize,
            int adjacent,
            int format) {
        float[] run = new float[CachedWords.PIECE];
        int row = context.globalIdy;
        int pairItems = heads * (ropeDim >> 1);
        int item = context.globalIdx;
        if (row < step.get(Step.ROWS)) {
            if (item < pairItems) {
                RotaryKernels.turnPair(angles, queries, item, row, heads, headDim, ropeDim, adjacent);
            } else if (item < pairItems + kvHeads * runs(headDim, format)) {
                int number = item - pairItems;
                int head = number / runs(headDim, format);
                int first = (number - head * runs(headDim, format)) * CachedWords.runElements(format);
                int source = (row * kvHeads + head) * headDim;
                for (int i = 0; i < CachedWords.runElements(format); i++) {
                    // The padding after a head with an odd number of elements is never read.
                    int d = TornadoMath.min(first + i, headDim - 1);
                    run[i] = RotaryKernels.turnedKey(angles, keys, source + d, row, d, headDim, ropeDim, adjacent);
                }
                int target = target(step, places, row, head, kvHeads, blockSize) * CachedWords.rowWords(headDim, format)
                        + CachedWords.rowWords(first, format);
                CachedWords.store(run, keyCache, target, format);
            }
        }
    }

    /**
     * Stores values: x is the run of a row, y the row.
     *
     * @param values [rows][kvHeads][headDim]
     */
    public static void packValues(
            KernelContext context,
            IntArray step,
            IntArray places,
            FloatArray values,
            IntArray valueCache,
            int kvHeads,
            int headDim,
            int blockSize,
            int format) {
        float[] run = new float[CachedWords.PIECE];
        int row = context.globalIdy;
        int item = context.globalIdx;
        if (row < step.get(Step.ROWS) && item < kvHeads * runs(headDim, format)) {
            int head = item / runs(headDim, format);
            int first = (item - head * runs(headDim, format)) * CachedWords.runElements(format);
            int source = (row * kvHeads + head) * headDim;
            for (int i = 0; i < CachedWords.runElements(format); i++) {
                run[i] = values.get(source + TornadoMath.min(first + i, headDim - 1));
            }
            int target = target(step, places, row, head, kvHeads, blockSize) * CachedWords.rowWords(headDim, format)
                    + CachedWords.rowWords(first, format);
            CachedWords.store(run, valueCache, target, format);
        }
    }

    /** {@return the runs of a head} */
    public static int runs(int headDim, int format) {
        int elements = CachedWords.runElements(format);
        return (headDim + elements - 1) / elements;
    }

    /** Returns the number of the cached head that a row's head is stored as. */
    private static int target(IntArray step, IntArray places, int row, int head, int kvHeads, int blockSize) {
        int layerHead = step.get(Step.LAYER) * kvHeads + head;
        int slot = Places.slot(places, Places.table(places, row), Places.position(places, row), blockSize);
        return layerHead * places.get(Places.CAPACITY) + slot;
    }
}
