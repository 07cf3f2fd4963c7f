package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Copies within the KV cache. */
public final class CacheKernels {
    private CacheKernels() {}

    /**
     * Copies the keys or the values of a block into another one, one item per element: all layers and KV heads.
     *
     * @param copy number of the block that is read, and of the one that is overwritten
     * @param cache [layers][kvHeads][capacity][headDim], {@code layerHeads} x capacity x headDim elements
     * @param blockElements elements of one head in a block
     * @param headElements elements of one head in all blocks
     */
    public static void copyCacheBlock(
            KernelContext context,
            IntArray copy,
            FloatArray cache,
            int layerHeads,
            int blockElements,
            int headElements) {
        int item = context.globalIdx;
        if (item < layerHeads * blockElements) {
            int head = item / blockElements;
            int within = head * headElements + (item - head * blockElements);
            int source = within + copy.get(0) * blockElements;
            int target = within + copy.get(1) * blockElements;
            cache.set(target, cache.get(source));
        }
    }

    /** The same for a cache of f16 or q8_0, one item per word; elements are words. */
    public static void copyCacheWords(
            KernelContext context, IntArray copy, IntArray cache, int layerHeads, int blockElements, int headElements) {
        int item = context.globalIdx;
        if (item < layerHeads * blockElements) {
            int head = item / blockElements;
            int within = head * headElements + (item - head * blockElements);
            int source = within + copy.get(0) * blockElements;
            int target = within + copy.get(1) * blockElements;
            cache.set(target, cache.get(source));
        }
    }
}
