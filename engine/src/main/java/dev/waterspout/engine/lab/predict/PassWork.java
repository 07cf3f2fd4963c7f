package dev.waterspout.engine.lab.predict;

import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.plan.Shard;

/**
 * The work of one rank in one forward pass.
 *
 * @param flops multiplications and additions of the matrices and of attention
 * @param bytes weights and cache, each read once
 */
public record PassWork(double flops, double bytes) {
    /** Bytes of a key or value element: f32. */
    private static final int CACHE_BYTES = Float.BYTES;

    /**
     * Counts. With the shard's h query heads, k KV heads, f FFN columns and v vocabulary rows, D the width, d the
     * head dimension, L layers, T tokens after P positions, and b bytes per weight:
     *
     * <pre>
     *   W      L D (2 h d + 2 k d + 3 f)                               elements of its matrices
     *   flops  2 W T  +  4 L h d (P T + T (T + 1) / 2)  +  2 D v       matrices, attention, logits of one token
     *   bytes  b (W + D v)  +  8 L k d (P + T)                         weights, keys and values
     * </pre>
     *
     * @param config the model's shape
     * @param bytesPerWeight average over the matrices
     * @param shard the rank's
     * @param tokens number of tokens in this pass, at least 1
     * @param position position of the first
     * @param logits whether the logits of the last token are computed
     */
    public static PassWork of(
            ModelConfig config, double bytesPerWeight, Shard shard, int tokens, int position, boolean logits) {
        double width = config.width();
        double queries = (double) shard.heads().size() * config.headDim();
        double keys = (double) shard.kvHeads().size() * config.headDim();
        double layers = config.layers();
        double ffn = config.activeColumns(
                shard.ffn().size(), shard.expert().size(), shard.sharedExpert().size());
        double weights = width * (layers * (2 * queries + 2 * keys) + 3.0 * ffn);
        double head = logits ? width * shard.vocabulary().size() : 0;
        double pairs = (double) position * tokens + (double) tokens * (tokens + 1) / 2;
        return new PassWork(
                2 * weights * tokens + 4 * layers * queries * pairs + 2 * head,
                bytesPerWeight * (weights + head) + 2 * CACHE_BYTES * layers * keys * ((double) position + tokens));
    }
}
