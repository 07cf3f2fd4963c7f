package dev.waterspout.engine.model;

import org.jspecify.annotations.Nullable;

/** Reads the keys of multi-head latent attention. */
final class LatentReader {
    private static final String KEY_LENGTH = "attention.key_length";
    private static final String VALUE_LENGTH = "attention.value_length";
    private static final String KEY_LENGTH_OF_HEADS = "attention.key_length_mla";
    private static final String VALUE_LENGTH_OF_HEADS = "attention.value_length_mla";
    private static final String ROTARY = "rope.dimension_count";

    private final Architecture architecture;
    private final Keys keys;
    private final int heads;

    /**
     * @param architecture architecture of the model
     * @param keys its keys
     * @param heads number of query heads
     */
    LatentReader(Architecture architecture, Keys keys, int heads) {
        this.architecture = architecture;
        this.keys = keys;
        this.heads = heads;
    }

    /** Returns the shape, or null if the architecture caches keys and values. */
    @Nullable
    Latent read() {
        if (!architecture.attention().latent()) {
            return null;
        }
        if (keys.has(KEY_LENGTH_OF_HEADS) != keys.has(VALUE_LENGTH_OF_HEADS)) {
            throw new ModelException(
                    "only one of " + keys.full(KEY_LENGTH_OF_HEADS) + " and " + keys.full(VALUE_LENGTH_OF_HEADS)
                            + " is there; a file has both, or neither and tensors attn_kv_b");
        }
        boolean unsplit = !keys.has(KEY_LENGTH_OF_HEADS);
        String keyLength = unsplit ? KEY_LENGTH : KEY_LENGTH_OF_HEADS;
        int rank = keys.required("attention.kv_lora_rank");
        int query = keys.required(keyLength);
        int rotary = keys.required(ROTARY);
        if (rotary >= query) {
            throw new ModelException(keys.full(ROTARY) + " is " + rotary + "; it must be below " + keys.full(keyLength)
                    + ", which is " + query);
        }
        Latent latent = new Latent(
                keys.positive("attention.q_lora_rank", 0),
                rank,
                rotary,
                query - rotary,
                keys.required(unsplit ? VALUE_LENGTH : VALUE_LENGTH_OF_HEADS),
                unsplit);
        if (unsplit) {
            keys.requireEqual("attention.head_count_kv", heads);
        } else {
            keys.requireEqual(KEY_LENGTH, latent.cachedDim());
            keys.requireEqual(VALUE_LENGTH, rank);
            keys.requireEqual("attention.head_count_kv", 1);
        }
        return latent;
    }
}
