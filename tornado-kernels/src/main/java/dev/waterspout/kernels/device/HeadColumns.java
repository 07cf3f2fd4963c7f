package dev.waterspout.kernels.device;

import org.jspecify.annotations.Nullable;

/**
 * What a layer makes of its hidden state for attention. All three may be columns of one array.
 *
 * @param queries the vectors of a token are one: the elements of its query heads
 * @param keys keys of its KV heads, in the same form
 * @param values values of its KV heads, in the same form; null if the cache has no values
 */
public record HeadColumns(
        DeviceColumns queries, DeviceColumns keys, @Nullable DeviceColumns values) {}
