package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Keys and values of all layers on a device.
 *
 * @param keys [layers][kvHeads][capacity][headDim]
 * @param values [layers][kvHeads][capacity][headDim]; the keys themselves where those are weighed, too
 * @param kvHeads key/value heads
 * @param capacity positions that fit
 * @param headDim elements of a head
 * @param blockSize positions of a block: what one sequence has together; a divisor of the capacity
 */
public record DeviceCache(FloatArray keys, FloatArray values, int kvHeads, int capacity, int headDim, int blockSize) {
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
        long layer = Math.multiplyExact((long) kvHeads * capacity, headDim);
        if (keys.getSize() != values.getSize() || keys.getSize() < layer || keys.getSize() % layer != 0) {
            throw new IllegalArgumentException("cache of " + keys.getSize() + " keys and " + values.getSize()
                    + " values: both are layers of " + layer + " elements");
        }
    }

    /**
     * A cache that is one block.
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

    /** {@return whether keys are what attention weighs, so that there are no values} */
    @SuppressWarnings("ReferenceEquality") // The runtime identifies arrays by reference.
    boolean hasKeysOnly() {
        return keys == values;
    }

    /** {@return the layers that the arrays hold} */
    int layers() {
        return keys.getSize() / (kvHeads * capacity * headDim);
    }
}
