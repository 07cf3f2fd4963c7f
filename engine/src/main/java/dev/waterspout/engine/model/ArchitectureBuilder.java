package dev.waterspout.engine.model;

import dev.waterspout.engine.model.Architecture.AttentionRules;
import dev.waterspout.engine.model.Architecture.Block;
import dev.waterspout.engine.model.Architecture.EmbeddingScale;
import dev.waterspout.engine.model.Architecture.ExpertRules;
import dev.waterspout.engine.model.Architecture.LocalRope;
import dev.waterspout.engine.model.Architecture.LogitScale;
import dev.waterspout.engine.model.Architecture.RopeRules;
import dev.waterspout.engine.model.Architecture.ScaleRules;
import dev.waterspout.engine.model.Architecture.SoftCap;
import dev.waterspout.engine.model.Architecture.TemperatureRule;
import dev.waterspout.engine.model.Architecture.Tensors;
import dev.waterspout.engine.model.Architecture.Window;
import dev.waterspout.kernels.host.GateFunction;
import dev.waterspout.kernels.host.RopePairing;
import java.util.EnumMap;
import java.util.Map;

/**
 * Builds an {@link Architecture} from its differences to Llama, which has RMSNorm before both halves, SwiGLU and no
 * scales.
 */
final class ArchitectureBuilder {
    private final String name;
    private final RopePairing pairing;
    private final Map<TensorRole, Presence> presence = new EnumMap<>(TensorRole.class);
    private final Map<TensorRole, String> names = new EnumMap<>(TensorRole.class);
    private boolean wideNorms;
    private NormKind norm = NormKind.RMS;
    private GateFunction gate = GateFunction.SWIGLU;
    private Block block = Block.SERIAL;
    private boolean scaleKey;
    private int wideScaleLayers;
    private SoftCap softCap = SoftCap.NEVER;
    private Window window = Window.NEVER;
    private int plainEvery;
    private boolean ropeOffKey;
    private TemperatureRule temperature = TemperatureRule.NONE;
    private double yarnLogarithm;
    private boolean yarnBetas;
    private boolean latent;
    private ScaleRules scales = ScaleRules.NONE;
    private ExpertRules experts = ExpertRules.NONE;

    /**
     * Starts from Llama.
     *
     * @param name value of {@code general.architecture}
     * @param pairing pairs of dimensions of a head that the rotary embedding rotates together
     */
    ArchitectureBuilder(String name, RopePairing pairing) {
        this.name = name;
        this.pairing = pairing;
    }

    /** Layers have these tensors, too. */
    ArchitectureBuilder with(TensorRole... roles) {
        return set(Presence.REQUIRED, roles);
    }

    /** Layers may have these tensors. */
    ArchitectureBuilder mayHave(TensorRole... roles) {
        return set(Presence.OPTIONAL, roles);
    }

    /** Layers do not have these tensors. */
    ArchitectureBuilder without(TensorRole... roles) {
        return set(Presence.NEVER, roles);
    }

    private ArchitectureBuilder set(Presence how, TensorRole... roles) {
        for (TensorRole role : roles) {
            presence.put(role, how);
        }
        return this;
    }

    /** A tensor has a different name. */
    ArchitectureBuilder named(TensorRole role, String suffix) {
        names.put(role, suffix);
        return this;
    }

    /** Norms of queries and keys span all heads together. */
    ArchitectureBuilder wideNorms() {
        wideNorms = true;
        return this;
    }

    /** Hidden states have another norm. */
    ArchitectureBuilder norm(NormKind other) {
        norm = other;
        return this;
    }

    /** The FFN has another activation function. */
    ArchitectureBuilder gate(GateFunction other) {
        gate = other;
        return this;
    }

    /** Attention and FFN read the same norm of the same hidden state. */
    ArchitectureBuilder parallel() {
        block = Block.PARALLEL;
        return without(TensorRole.FFN_NORM);
    }

    /** The key {@code attention.scale} is read. */
    ArchitectureBuilder attentionScale() {
        scaleKey = true;
        return this;
    }

    /** The model with this number of layers divides scores by sqrt(width / heads). */
    ArchitectureBuilder wideScale(int layers) {
        wideScaleLayers = layers;
        return this;
    }

    /** Scores are capped; 0 if only the key sets a cap. */
    ArchitectureBuilder scoreCap(double otherwise) {
        softCap = new SoftCap(true, otherwise);
        return this;
    }

    /** All layers except every {@code period}th have a sliding window; 0 positions if only the key sets it. */
    ArchitectureBuilder window(int positions, int period, LocalRope rope) {
        window = new Window(Window.Rule.READ, positions, period, rope);
        return this;
    }

    /** The key of a sliding window may be present and has no effect. */
    ArchitectureBuilder ignoredWindow() {
        window = new Window(Window.Rule.IGNORED, 0, 0, LocalRope.SAME);
        return this;
    }

    /** Every {@code layers}th layer has no rotary embedding. */
    ArchitectureBuilder plainEvery(int layers) {
        plainEvery = layers;
        return this;
    }

    /** The key {@code rope.scaling.finetuned = false} disables the rotary embedding. */
    ArchitectureBuilder ropeOffKey() {
        ropeOffKey = true;
        return this;
    }

    /** Queries are scaled by position with {@code attention.temperature_scale}. */
    ArchitectureBuilder temperature(TemperatureRule rule) {
        temperature = rule;
        return this;
    }

    /** The key {@code rope.scaling.yarn_log_multiplier} is read, and multiplied by a factor. */
    ArchitectureBuilder yarnLogarithm(double factor) {
        yarnLogarithm = factor;
        return this;
    }

    /** The keys {@code rope.scaling.yarn_beta_fast} and {@code yarn_beta_slow} are read. */
    ArchitectureBuilder yarnBetas() {
        yarnBetas = true;
        return this;
    }

    /** Multi-head latent attention: the cache holds one latent vector per position. */
    ArchitectureBuilder latent() {
        latent = true;
        return without(TensorRole.ATTN_K, TensorRole.ATTN_V)
                .with(TensorRole.ATTN_Q_A, TensorRole.ATTN_Q_A_NORM, TensorRole.ATTN_Q_B)
                .with(TensorRole.ATTN_KV_A, TensorRole.ATTN_KV_A_NORM, TensorRole.ATTN_K_B, TensorRole.ATTN_V_B);
    }

    /** Embeddings are multiplied by the square root of the width. Logits are capped; 0 if only the key sets a cap. */
    ArchitectureBuilder gemmaScales(SoftCap logitCap) {
        scales = new ScaleRules(EmbeddingScale.ROOT_OF_WIDTH, false, LogitScale.NONE, logitCap);
        return this;
    }

    /** Keys set scales of embeddings and residuals, and a divisor of logits. */
    ArchitectureBuilder graniteScales() {
        scales = new ScaleRules(EmbeddingScale.KEY, true, LogitScale.DIVISOR, SoftCap.NEVER);
        return this;
    }

    /** A key sets a scale of logits. */
    ArchitectureBuilder logitFactor() {
        scales = new ScaleRules(EmbeddingScale.NONE, false, LogitScale.FACTOR, SoftCap.NEVER);
        return this;
    }

    /** Layers have, or may have, experts in place of an FFN. */
    ArchitectureBuilder experts(ExpertRules rules) {
        experts = rules;
        return this;
    }

    /** Returns the record. */
    Architecture build() {
        return new Architecture(
                name,
                norm,
                gate,
                block,
                new Tensors(presence, names, wideNorms),
                new AttentionRules(
                        new RopeRules(pairing, plainEvery, ropeOffKey, yarnLogarithm, yarnBetas),
                        scaleKey,
                        wideScaleLayers,
                        softCap,
                        window,
                        temperature,
                        latent),
                scales,
                experts);
    }
}
