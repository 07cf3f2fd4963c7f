package dev.waterspout.engine.model;

import dev.waterspout.engine.model.Experts.Gating;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.RopePairing;
import java.util.Map;

/**
 * A family of models as data: the tensors of its layers, their combination, and the meaning of its metadata keys. The
 * host and the devices compute every family from this record. {@link Architectures} lists all families.
 *
 * @param ggufName value of {@code general.architecture}, which is also the prefix of the metadata keys
 * @param norm norm of hidden states
 * @param gate activation function of the FFN
 * @param block whether attention and FFN run in sequence, or in parallel on the same hidden state
 * @param tensors optional and renamed tensors of its layers
 * @param attention attention traits from the file's keys
 * @param scales factors of hidden states and logits
 * @param experts traits of the experts from the file's keys
 */
public record Architecture(
        String ggufName,
        NormKind norm,
        GateFunction gate,
        Block block,
        Tensors tensors,
        AttentionRules attention,
        ScaleRules scales,
        ExpertRules experts) {
    /** Order of attention and FFN in a layer. */
    public enum Block {
        /** In sequence: the FFN reads the hidden state after attention. */
        SERIAL,
        /** In parallel: both read the same norm of the same hidden state. */
        PARALLEL
    }

    /**
     * The tensors of a layer that only some families have, or that a family names differently.
     *
     * @param presence presence of the members that differ from the common ones
     * @param names suffixes that differ from the usual ones
     * @param wideNorms whether norms of queries and keys span all heads together
     */
    record Tensors(Map<TensorRole, Presence> presence, Map<TensorRole, String> names, boolean wideNorms) {
        /** Copies the maps. */
        Tensors {
            presence = Map.copyOf(presence);
            names = Map.copyOf(names);
        }
    }

    /**
     * The attention of a family, and the meaning of its keys.
     *
     * @param rope its rotary embedding
     * @param scaleKey whether {@code attention.scale} replaces 1 / sqrt(head dimension)
     * @param wideScaleLayers number of layers of the one model that divides by sqrt(width / heads); 0 for none
     * @param softCap default of {@code attn_logit_softcapping}; null for none
     * @param window layers with a sliding window
     * @param temperature factor of queries by position
     * @param latent whether the cache holds latent vectors
     */
    record AttentionRules(
            RopeRules rope,
            boolean scaleKey,
            int wideScaleLayers,
            SoftCap softCap,
            Window window,
            TemperatureRule temperature,
            boolean latent) {}

    /**
     * The rotary embedding of a family, and the meaning of its keys.
     *
     * @param pairing pairs of dimensions of a head that are rotated together
     * @param plainEvery distance of the layers without rotary embedding, each of which is the last of its group; 0 for
     *     none
     * @param offKey whether {@code rope.scaling.finetuned = false} stands for no rotary embedding
     * @param yarnLogarithm factor of {@code rope.scaling.yarn_log_multiplier}; 0 if it has no effect
     * @param yarnBetas whether {@code rope.scaling.yarn_beta_fast} and {@code yarn_beta_slow} have an effect
     */
    record RopeRules(RopePairing pairing, int plainEvery, boolean offKey, double yarnLogarithm, boolean yarnBetas) {}

    /** Scaling of queries by position with {@code attention.temperature_scale}. */
    enum TemperatureRule {
        /** No scaling. */
        NONE,
        /** A step is the trained context before position scaling. */
        TRAINED_POSITIONS,
        /** A step is {@code attention.temperature_length} positions. */
        KEY
    }

    /**
     * Whether a family caps numbers, as {@code cap x tanh(x / cap)}.
     *
     * @param key whether the metadata key is read
     * @param otherwise the cap if the key is absent; 0 for none
     */
    record SoftCap(boolean key, double otherwise) {
        static final SoftCap NEVER = new SoftCap(false, 0);
    }

    /**
     * Layers with a sliding window. The last of every {@code period} layers attends to all positions.
     *
     * @param rule how {@code attention.sliding_window} is applied
     * @param positions positions of the window if the key is absent
     * @param period distance between layers without a window, unless {@code attention.sliding_window_pattern} gives
     *     another
     * @param rope the rotary embedding of the layers with a window
     */
    record Window(Rule rule, int positions, int period, LocalRope rope) {
        static final Window NEVER = new Window(Rule.UNKNOWN, 0, 0, LocalRope.SAME);

        /** Meaning of the key. */
        enum Rule {
            /** The key is not allowed. */
            UNKNOWN,
            /** The key may be present and has no effect. */
            IGNORED,
            /** The key sets the window. */
            READ
        }
    }

    /** The rotary embedding of layers with a sliding window. */
    enum LocalRope {
        /** That of the other layers, with the base {@code rope.freq_base_swa} if the key is present. */
        SAME,
        /** The base of the other layers, without scaling of positions. */
        UNSCALED,
        /** The base {@code rope.freq_base_swa} or 10000, without scaling of positions. */
        OWN_BASE
    }

    /**
     * Scales of a family.
     *
     * @param embedding factor of the embeddings
     * @param residual whether the output of a half layer is multiplied by {@code residual_scale}
     * @param logits meaning of {@code logit_scale}
     * @param logitCap soft cap of the logits
     */
    record ScaleRules(EmbeddingScale embedding, boolean residual, LogitScale logits, SoftCap logitCap) {
        static final ScaleRules NONE = new ScaleRules(EmbeddingScale.NONE, false, LogitScale.NONE, SoftCap.NEVER);
    }

    /**
     * The experts of a family, and the meaning of its keys.
     *
     * @param presence whether its layers have experts
     * @param gating function from logits to weights, unless {@code expert_gating_func} names another
     * @param normalized whether weights are divided by their sum, unless {@code expert_weights_norm} is read and has
     *     another value
     * @param width source of an expert's width
     * @param shared source of the shared expert's width
     * @param keys whether gating, normalization and scale of weights, groups and leading dense layers are read from
     *     keys
     */
    record ExpertRules(Presence presence, Gating gating, boolean normalized, Width width, Shared shared, boolean keys) {
        static final ExpertRules NONE =
                new ExpertRules(Presence.NEVER, Gating.SOFTMAX, true, Width.FFN, Shared.NONE, false);

        /** The width of an expert. */
        enum Width {
            /** That of the FFN. */
            FFN,
            /** {@code expert_feed_forward_length}, or the FFN's divided by the experts of a token. */
            KEY
        }

        /** The width of the shared expert. */
        enum Shared {
            /** No shared expert. */
            NONE,
            /** {@code expert_shared_feed_forward_length}; none if it is absent. */
            KEY,
            /** {@code expert_shared_feed_forward_length}, or that of the FFN. */
            KEY_OR_FFN,
            /** An expert's, {@code expert_shared_count} times. */
            COUNT
        }
    }

    /** Scale of the embeddings. */
    enum EmbeddingScale {
        /** Nothing. */
        NONE,
        /** The square root of the width. */
        ROOT_OF_WIDTH,
        /** {@code embedding_scale}. */
        KEY
    }

    /** Meaning of {@code logit_scale}. */
    enum LogitScale {
        /** The key is not allowed. */
        NONE,
        /** Logits are multiplied by it. */
        FACTOR,
        /** Logits are divided by it. */
        DIVISOR
    }

    /** Returns whether layers of this architecture have the tensor. */
    Presence presence(TensorRole role) {
        Presence own = tensors.presence.get(role);
        if (own != null) {
            return own;
        }
        return switch (role) {
            case ATTN_NORM, ATTN_Q, ATTN_K, ATTN_V, ATTN_OUTPUT, FFN_NORM, FFN_GATE, FFN_UP, FFN_DOWN ->
                Presence.REQUIRED;
            case FFN_ROUTER, FFN_GATE_EXPERTS, FFN_UP_EXPERTS, FFN_DOWN_EXPERTS -> Presence.REQUIRED;
            case FFN_GATE_SHARED, FFN_UP_SHARED, FFN_DOWN_SHARED -> Presence.REQUIRED;
            default -> Presence.NEVER;
        };
    }

    /**
     * Returns the name of a layer's tensor in a GGUF file.
     *
     * @param role role of the tensor
     * @param layer index of the layer, from 0
     */
    String name(TensorRole role, int layer) {
        String own = tensors.names.get(role);
        return own == null ? role.name(layer) : TensorRole.name(layer, own);
    }

    /** Returns whether norms of queries and keys span all heads together. */
    public boolean hasWideNorms() {
        return tensors.wideNorms;
    }

    /** Returns whether a layer may normalize the output of its halves before it is added to the hidden state. */
    public boolean hasPostNorms() {
        return presence(TensorRole.ATTN_POST_NORM) != Presence.NEVER
                || presence(TensorRole.FFN_POST_NORM) != Presence.NEVER;
    }

    /** Returns the name. */
    @Override
    public String toString() {
        return ggufName;
    }

    /**
     * Finds an architecture by its name in a GGUF file.
     *
     * @param name value of {@code general.architecture}
     * @throws ModelException if this engine does not support it; the message lists the supported ones
     */
    public static Architecture of(String name) {
        return Architectures.ALL.stream()
                .filter(architecture -> architecture.ggufName().equals(name))
                .findFirst()
                .orElseThrow(() -> new ModelException("architecture '" + name + "' is not supported; supported are "
                        + String.join(", ", Architectures.names())));
    }
}
