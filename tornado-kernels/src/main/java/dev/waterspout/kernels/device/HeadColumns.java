package dev.waterspout.kernels.device;

import org.jspecify.annotations.Nullable;

/**
 * What a layer makes of its hidden state for attention. All three may be columns of one array.
 *
 * @param queries the vectors of a token are one: the elements of its query heads
 * @param keys keys of its KV heads, in the same form
 * @param values values of its KV heads, in the same form; null if the cache has no values
 * @param norms RMS norms of the query heads and, after them, of the KV heads' keys; null for none
 */
public record HeadColumns(
        DeviceColumns queries,
        DeviceColumns keys,
        @Nullable DeviceColumns values,
        @Nullable DeviceNorm norms) {
    /** Checks the kind of the norms. */
    public HeadColumns {
        if (norms != null && (norms.kind() != DeviceNorm.Kind.RMS || values == null)) {
            throw new IllegalArgumentException("norms of heads of kind " + norms.kind()
                    + (values == null ? " without values" : "") + ": heads have RMS norms, and values");
        }
    }

    /** Heads without norms. */
    public HeadColumns(DeviceColumns queries, DeviceColumns keys, @Nullable DeviceColumns values) {
        this(queries, keys, values, null);
    }
}
