package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.CachedWords;
import dev.waterspout.kernels.device.kernels.PackedCacheKernels;
import dev.waterspout.kernels.host.CacheType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Keys and values of all layers on a device.
 *
 * @param keys [layers][kvHeads][capacity][elements of a row]: a {@link FloatArray} for F32, else an {@link IntArray} of
 *     the words of {@link CachedWords}
 * @param values [layers][kvHeads][capacity][elements of a row]; the keys themselves where those are weighed, too
 * @param type type of the elements of both
 * @param kvHeads key/value heads
 * @param capacity positions that fit
 * @param headDim elements of a head
 * @param blockSize positions of a block, which belongs to one sequence; a divisor of the capacity
 * @param own elements of each array behind the layers, for attentions that store, see {@link #ownElements}
 */
public record DeviceCache(
        TornadoNativeArray keys,
        TornadoNativeArray values,
        CacheType type,
        int kvHeads,
        int capacity,
        int headDim,
        int blockSize,
        int own) {
    /** Checks that the arrays hold whole layers. */
    public DeviceCache {
        if (kvHeads < 1 || capacity < 1 || headDim < 1) {
            throw new IllegalArgumentException("cache of kvHeads=" + kvHeads + " capacity=" + capacity + " headDim="
                    + headDim + ": all are at least 1");
        }
        if (blockSize < 1 || capacity % blockSize != 0) {
            throw new IllegalArgumentException(
                    "cache of capacity=" + capacity + " in blocks of " + blockSize + ": they must divide it");
        }
        Class<?> needed = type == CacheType.F32 ? FloatArray.class : IntArray.class;
        if (!needed.isInstance(keys) || !needed.isInstance(values)) {
            throw new IllegalArgumentException("cache of " + type + " in a "
                    + keys.getClass().getSimpleName() + " and a "
                    + values.getClass().getSimpleName() + ": both must be a " + needed.getSimpleName());
        }
        long layer = Math.multiplyExact((long) kvHeads * capacity, rowElements(type, headDim));
        int ofLayers = keys.getSize() - own;
        if (keys.getSize() != values.getSize() || own < 0 || ofLayers < layer || ofLayers % layer != 0) {
            throw new IllegalArgumentException("cache of " + keys.getSize() + " keys and " + values.getSize()
                    + " values: both are layers of " + layer + " elements" + (own == 0 ? "" : ", and " + own));
        }
    }

    /**
     * A cache without elements behind the layers.
     *
     * @param keys [layers][kvHeads][capacity][elements of a row]
     * @param values [layers][kvHeads][capacity][elements of a row]
     * @param type type of the elements of both
     * @param kvHeads key/value heads
     * @param capacity positions that fit
     * @param headDim elements of a head
     * @param blockSize positions of a block
     */
    public DeviceCache(
            TornadoNativeArray keys,
            TornadoNativeArray values,
            CacheType type,
            int kvHeads,
            int capacity,
            int headDim,
            int blockSize) {
        this(keys, values, type, kvHeads, capacity, headDim, blockSize, 0);
    }

    /**
     * A cache of F32.
     *
     * @param keys [layers][kvHeads][capacity][headDim]
     * @param values [layers][kvHeads][capacity][headDim]; the keys themselves where those are weighed, too
     * @param kvHeads key/value heads
     * @param capacity positions that fit
     * @param headDim elements of a head
     * @param blockSize positions of a block
     */
    public DeviceCache(FloatArray keys, FloatArray values, int kvHeads, int capacity, int headDim, int blockSize) {
        this(keys, values, CacheType.F32, kvHeads, capacity, headDim, blockSize);
    }

    /**
     * A cache of F32 that is one block.
     *
     * @param keys [layers][kvHeads][capacity][headDim]
     * @param values [layers][kvHeads][capacity][headDim]
     * @param kvHeads key/value heads
     * @param capacity positions that fit
     * @param headDim elements of a head
     */
    public DeviceCache(FloatArray keys, FloatArray values, int kvHeads, int capacity, int headDim) {
        this(keys, values, kvHeads, capacity, headDim, capacity);
    }

    /**
     * {@return the elements of an array that a head takes at one position: floats for F32, else words of 4 bytes}
     *
     * @param type type of the cache
     * @param headDim elements of a head
     * @throws IllegalArgumentException if the type cannot keep such heads
     */
    public static int rowElements(CacheType type, int headDim) {
        long _ = type.rowBytes(headDim); // refuses heads that are not whole blocks
        return type == CacheType.F32
                ? headDim
                : CachedWords.rowWords(headDim, type.format().id());
    }

    /**
     * {@return the elements behind the layers of an array with which an attention stores the keys and values that it
     * reads of its own launch: for each token and query head, the rows of all tokens of the chunk}
     *
     * @param type type of the cache
     * @param headDim elements of a head
     * @param heads query heads
     * @param rows tokens of the largest chunk
     */
    public static long ownElements(CacheType type, int headDim, int heads, int rows) {
        return (long) rows * rows * heads * rowElements(type, headDim);
    }

    /**
     * {@return an array of zeros for the keys or the values of a cache}
     *
     * @param type type of the cache
     * @param elements elements of the array
     */
    public static TornadoNativeArray allocate(CacheType type, int elements) {
        TornadoNativeArray array = type == CacheType.F32 ? new FloatArray(elements) : new IntArray(elements);
        array.getSegment().fill((byte) 0);
        return array;
    }

    /** {@return whether keys are also the values, so that the cache has no separate values} */
    @SuppressWarnings("ReferenceEquality") // The runtime identifies arrays by reference.
    boolean hasKeysOnly() {
        return keys == values;
    }

    boolean isPacked() {
        return type != CacheType.F32;
    }

    FloatArray keyFloats() {
        return (FloatArray) keys;
    }

    FloatArray valueFloats() {
        return (FloatArray) values;
    }

    IntArray keyWords() {
        return (IntArray) keys;
    }

    IntArray valueWords() {
        return (IntArray) values;
    }

    /** {@return the number of the type in kernels} */
    int kernelFormat() {
        return type.format().id();
    }

    /** {@return the runs of elements of a token's keys that are encoded together} */
    int runs() {
        return kvHeads * PackedCacheKernels.runs(headDim, kernelFormat());
    }

    /** {@return the elements of an array that a head takes at one position} */
    int rowElements() {
        return rowElements(type, headDim);
    }

    /** {@return the layers that the arrays hold} */
    int layers() {
        return (keys.getSize() - own) / (kvHeads * capacity * rowElements());
    }
}
