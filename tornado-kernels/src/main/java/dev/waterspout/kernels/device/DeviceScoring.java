package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.AttentionKernels;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * How products of queries and keys become weights on a device.
 *
 * @param scale the factor of the products
 * @param cap the bound of scaled scores; 0 for none
 * @param sinks [layers][heads]: a score per query head that takes part in the softmax and has no value; the lowest one
 *     counts for nothing
 */
public record DeviceScoring(float scale, float cap, FloatArray sinks) {
    /**
     * {@return sinks that count for nothing}
     *
     * @param layers number of layers of the cache
     * @param heads query heads
     */
    public static FloatArray noSinks(int layers, int heads) {
        FloatArray sinks = new FloatArray(Math.multiplyExact(layers, heads));
        sinks.init(AttentionKernels.LOWEST);
        return sinks;
    }
}
