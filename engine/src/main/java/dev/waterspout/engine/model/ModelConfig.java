package dev.waterspout.engine.model;

import dev.waterspout.engine.gguf.GgufMetadata;

/**
 * The shape of a model.
 *
 * @param architecture member of the Llama family
 * @param name {@code general.name}, or the architecture's name
 * @param contextLength positions that the model was trained for; 0 if the file does not say
 * @param width elements of a hidden state
 * @param layers transformer blocks
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim elements of a head
 * @param ffnWidth elements between the FFN's two halves
 * @param vocabulary tokens
 * @param rmsEpsilon added to the mean square in RMSNorm
 * @param rope rotary embedding
 */
public record ModelConfig(
        Architecture architecture,
        String name,
        int contextLength,
        int width,
        int layers,
        int heads,
        int kvHeads,
        int headDim,
        int ffnWidth,
        int vocabulary,
        float rmsEpsilon,
        RopeConfig rope) {
    private static final int LIMIT = 1 << 24;

    /**
     * Reads the shape.
     *
     * @param metadata of the file
     * @param vocabulary rows of the embedding table, which is right where {@code vocab_size} is missing
     * @throws ModelException if a key is missing, out of range or contradicts another
     */
    static ModelConfig from(GgufMetadata metadata, int vocabulary) {
        Architecture architecture = Architecture.of(metadata.string("general.architecture")
                .orElseThrow(() -> new ModelException("general.architecture is missing")));
        String prefix = architecture.ggufName() + ".";
        int width = required(metadata, prefix + "embedding_length");
        int heads = required(metadata, prefix + "attention.head_count");
        int kvHeads = optional(metadata, prefix + "attention.head_count_kv", heads);
        if (heads % kvHeads != 0) {
            throw new ModelException(
                    prefix + "attention.head_count_kv is " + kvHeads + "; it must divide the head count " + heads);
        }
        int headDim = headDim(metadata, prefix, width, heads);
        return new ModelConfig(
                architecture,
                metadata.string("general.name").orElse(architecture.ggufName()),
                Math.clamp(metadata.integer(prefix + "context_length").orElse(0), 0, Integer.MAX_VALUE),
                width,
                required(metadata, prefix + "block_count"),
                heads,
                kvHeads,
                headDim,
                required(metadata, prefix + "feed_forward_length"),
                vocabulary,
                epsilon(metadata, prefix),
                RopeConfig.from(metadata, prefix, headDim));
    }

    /** Returns the elements of all query heads together. */
    public int queryWidth() {
        return heads * headDim;
    }

    /** Returns the elements of all key heads together; the value heads have as many. */
    public int kvWidth() {
        return kvHeads * headDim;
    }

    /** Returns the query heads that share one KV head. */
    public int groupSize() {
        return heads / kvHeads;
    }

    private static int headDim(GgufMetadata metadata, String prefix, int width, int heads) {
        String key = prefix + "attention.key_length";
        if (metadata.integer(key).isEmpty() && width % heads != 0) {
            throw new ModelException(prefix + "attention.head_count is " + heads + "; it must divide the width " + width
                    + " where there is no " + key);
        }
        int keyLength = optional(metadata, key, width / heads);
        int valueLength = optional(metadata, prefix + "attention.value_length", keyLength);
        if (valueLength != keyLength) {
            throw new ModelException(prefix + "attention.value_length is " + valueLength + "; only the key length "
                    + keyLength + " is supported");
        }
        return keyLength;
    }

    private static float epsilon(GgufMetadata metadata, String prefix) {
        String key = prefix + "attention.layer_norm_rms_epsilon";
        double value = metadata.real(key).orElseThrow(() -> new ModelException(key + " is missing"));
        if (!(value >= 0 && value < 1)) {
            throw new ModelException(key + " is " + value + "; it must be within 0 to 1");
        }
        return (float) value;
    }

    private static int required(GgufMetadata metadata, String key) {
        return checked(key, metadata.integer(key).orElseThrow(() -> new ModelException(key + " is missing")));
    }

    private static int optional(GgufMetadata metadata, String key, int otherwise) {
        return checked(key, metadata.integer(key).orElse(otherwise));
    }

    private static int checked(String key, long value) {
        if (value < 1 || value > LIMIT) {
            throw new ModelException(key + " is " + value + "; it must be within 1 to " + LIMIT);
        }
        return (int) value;
    }
}
