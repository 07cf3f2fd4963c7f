package dev.waterspout.engine.forward;

import dev.waterspout.engine.forward.HostCompute.Product;
import dev.waterspout.engine.model.LayerTraits;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.kernels.host.Scoring;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One layer of a shard on the host: its norms, and its products with their output buffers.
 *
 * @param traits the layer's computations
 * @param scoring scale, cap, window and sinks of the scores
 * @param attentionNorm before attention, or null
 * @param queriesKeysValues products with the normalized hidden state; none with latent attention
 * @param queryNorm norm of queries, or null
 * @param keyNorm norm of keys, or null
 * @param attentionOutput the product that computes the attention half's partial
 * @param attentionPostNorm norm of the sum of the attention half's partials, or null
 * @param ffnNorm before the FFN, or null
 * @param gateUp products with the normalized hidden state; none if the layer has experts
 * @param down the product that computes the FFN half's partial
 * @param ffnPostNorm norm of the sum of the feed-forward half's partials, or null
 */
record HostLayer(
        LayerTraits traits,
        Scoring scoring,
        @Nullable Norm attentionNorm,
        List<Product> queriesKeysValues,
        @Nullable Norm queryNorm,
        @Nullable Norm keyNorm,
        List<Product> attentionOutput,
        @Nullable Norm attentionPostNorm,
        @Nullable Norm ffnNorm,
        List<Product> gateUp,
        List<Product> down,
        @Nullable Norm ffnPostNorm) {
    /**
     * Prepares a layer.
     *
     * @param config configuration of the model
     * @param weights weights of the shard
     * @param layer index of the layer, from 0
     * @param buffers buffers of the shard
     */
    static HostLayer of(ModelConfig config, ShardWeights weights, int layer, Buffers buffers) {
        ShardWeights.Layer w = weights.layers().get(layer);
        LayerTraits traits = config.traits().get(layer);
        boolean wide = config.architecture().hasWideNorms();
        MemorySegment upTarget = config.architecture().gate().isGated() ? buffers.up : buffers.gate;
        return new HostLayer(
                traits,
                new Scoring(traits.scoreScale(), traits.scoreCap(), traits.window(), w.vector(TensorRole.ATTN_SINKS)),
                norm(config, w, TensorRole.ATTN_NORM, TensorRole.ATTN_NORM_BIAS),
                config.latent() != null
                        ? List.of()
                        : products(
                                w,
                                new Target(
                                        TensorRole.ATTN_Q,
                                        TensorRole.ATTN_Q_BIAS,
                                        wide ? buffers.wideQueries : buffers.queries),
                                new Target(
                                        TensorRole.ATTN_K,
                                        TensorRole.ATTN_K_BIAS,
                                        wide ? buffers.wideKeys : buffers.keys),
                                new Target(TensorRole.ATTN_V, TensorRole.ATTN_V_BIAS, buffers.values)),
                norm(config, w, TensorRole.ATTN_Q_NORM, null),
                norm(config, w, TensorRole.ATTN_K_NORM, null),
                List.of(product(w, TensorRole.ATTN_OUTPUT, TensorRole.ATTN_OUTPUT_BIAS, buffers.partial)),
                norm(config, w, TensorRole.ATTN_POST_NORM, null),
                norm(config, w, TensorRole.FFN_NORM, TensorRole.FFN_NORM_BIAS),
                products(
                        w,
                        new Target(TensorRole.FFN_GATE, TensorRole.FFN_GATE_BIAS, buffers.gate),
                        new Target(TensorRole.FFN_UP, TensorRole.FFN_UP_BIAS, upTarget)),
                products(w, new Target(TensorRole.FFN_DOWN, TensorRole.FFN_DOWN_BIAS, buffers.partial)),
                norm(config, w, TensorRole.FFN_POST_NORM, null));
    }

    private static Product product(
            ShardWeights.Layer weights, TensorRole matrix, TensorRole bias, MemorySegment target) {
        return new Product(weights.matrix(matrix), weights.vector(bias), target);
    }

    /** A product that a layer may have, and its output buffer. */
    private record Target(TensorRole matrix, TensorRole bias, MemorySegment output) {}

    /** Returns the products whose matrices the layer has. */
    private static List<Product> products(ShardWeights.Layer weights, Target... targets) {
        return Stream.of(targets)
                .filter(target -> weights.has(target.matrix))
                .map(target -> product(weights, target.matrix, target.bias, target.output))
                .toList();
    }

    private static @Nullable Norm norm(
            ModelConfig config, ShardWeights.Layer weights, TensorRole weight, @Nullable TensorRole bias) {
        return Norm.of(config, weights.vector(weight), bias == null ? null : weights.vector(bias));
    }
}
