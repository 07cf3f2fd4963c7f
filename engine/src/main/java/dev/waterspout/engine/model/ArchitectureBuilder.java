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
 * Makes an {@link Architecture} from what distinguishes it from Llama: RMSNorm before both halves, SwiGLU, no factors.
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
     * @param pairing which dimensions of a head the rotary embedding turns together
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

    /** A tensor has another name than usual. */
    ArchitectureBuilder named(TensorRole role, String suffix) {
        names.put(role, suffix);
        return this;
    }

    /** Norms of queries and keys span all heads together. */
    ArchitectureBuilder wideNorms() {
        wideNorms = true;
        return this;
    }

    /** Hidden states are normalized otherwise. */
    ArchitectureBuilder norm(NormKind other) {
        norm = other;
        return this;
    }

    /** Another function between the FFN's halves. */
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

    /** The model of so many layers divides scores by sqrt(width / heads). */
    ArchitectureBuilder wideScale(int layers) {
        wideScaleLayers = layers;
        return this;
    }

    /** Scores are capped; 0 where only the key sets a cap. */
    ArchitectureBuilder scoreCap(double otherwise) {
        softCap = new SoftCap(true, otherwise);
        return this;
    }

    /** All layers but every {@code period}th have a sliding window; 0 positions where only the key sets it. */
    ArchitectureBuilder window(int positions, int period, LocalRope rope) {
        window = new Window(Window.Rule.READ, positions, period, rope);
        return this;
    }

    /** The key of a sliding window is there and has no effect. */
    ArchitectureBuilder ignoredWindow() {
        window = new Window(Window.Rule.IGNORED, 0, 0, LocalRope.SAME);
        return this;
    }

    /** Every so many layers, one has no rotary embedding. */
    ArchitectureBuilder plainEvery(int layers) {
        plainEvery = layers;
        return this;
    }

    /** The key {@code rope.scaling.finetuned = false} takes the rotary embedding away. */
    ArchitectureBuilder ropeOffKey() {
        ropeOffKey = true;
        return this;
    }

    /** Queries grow with the position, as {@code attention.temperature_scale} says. */
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

    /** The cache holds one latent vector per position, and other tensors make queries, keys and values. */
    ArchitectureBuilder latent() {
        latent = true;
        return without(TensorRole.ATTN_K, TensorRole.ATTN_V)
                .with(TensorRole.ATTN_Q_A, TensorRole.ATTN_Q_A_NORM, TensorRole.ATTN_Q_B)
                .with(TensorRole.ATTN_KV_A, TensorRole.ATTN_KV_A_NORM, TensorRole.ATTN_K_B, TensorRole.ATTN_V_B);
    }

    /** Embeddings are multiplied by the root of the width; logits are capped, to 0 where only the key sets a cap. */
    ArchitectureBuilder gemmaScales(SoftCap logitCap) {
        scales = new ScaleRules(EmbeddingScale.ROOT_OF_WIDTH, false, LogitScale.NONE, logitCap);
        return this;
    }

    /** Keys set factors of embeddings and residuals, and what logits are divided by. */
    ArchitectureBuilder graniteScales() {
        scales = new ScaleRules(EmbeddingScale.KEY, true, LogitScale.DIVISOR, SoftCap.NEVER);
        return this;
    }

    /** A key sets a factor of logits. */
    ArchitectureBuilder logitFactor() {
        scales = new ScaleRules(EmbeddingScale.NONE, false, LogitScale.FACTOR, SoftCap.NEVER);
        return this;
    }

    /** Layers have, or may have, experts in the FFN's place. */
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
