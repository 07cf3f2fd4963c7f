package dev.waterspout.engine.model;

import static dev.waterspout.engine.model.TensorRole.ATTN_K_BIAS;
import static dev.waterspout.engine.model.TensorRole.ATTN_K_NORM;
import static dev.waterspout.engine.model.TensorRole.ATTN_NORM;
import static dev.waterspout.engine.model.TensorRole.ATTN_NORM_BIAS;
import static dev.waterspout.engine.model.TensorRole.ATTN_OUTPUT_BIAS;
import static dev.waterspout.engine.model.TensorRole.ATTN_POST_NORM;
import static dev.waterspout.engine.model.TensorRole.ATTN_QKV;
import static dev.waterspout.engine.model.TensorRole.ATTN_QKV_BIAS;
import static dev.waterspout.engine.model.TensorRole.ATTN_Q_BIAS;
import static dev.waterspout.engine.model.TensorRole.ATTN_Q_NORM;
import static dev.waterspout.engine.model.TensorRole.ATTN_SINKS;
import static dev.waterspout.engine.model.TensorRole.ATTN_V_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_CHOICE_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_DOWN_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_DOWN_EXPERTS_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_GATE;
import static dev.waterspout.engine.model.TensorRole.FFN_GATE_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_GATE_EXPERTS_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_GATE_UP;
import static dev.waterspout.engine.model.TensorRole.FFN_NORM;
import static dev.waterspout.engine.model.TensorRole.FFN_NORM_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_POST_NORM;
import static dev.waterspout.engine.model.TensorRole.FFN_ROUTER_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_ROUTER_SHARED;
import static dev.waterspout.engine.model.TensorRole.FFN_UP;
import static dev.waterspout.engine.model.TensorRole.FFN_UP_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_UP_EXPERTS_BIAS;
import static dev.waterspout.kernels.host.RopePairing.ADJACENT;
import static dev.waterspout.kernels.host.RopePairing.HALVES;

import dev.waterspout.engine.model.Architecture.ExpertRules;
import dev.waterspout.engine.model.Architecture.ExpertRules.Shared;
import dev.waterspout.engine.model.Architecture.ExpertRules.Width;
import dev.waterspout.engine.model.Architecture.LocalRope;
import dev.waterspout.engine.model.Architecture.SoftCap;
import dev.waterspout.engine.model.Architecture.TemperatureRule;
import dev.waterspout.engine.model.Experts.Gating;
import dev.waterspout.kernels.host.GateFunction;
import java.util.List;

/** All supported architectures, one expression each. */
public final class Architectures {
    /** Llama 1 to 3, TinyLlama, Granite Code, and most GGUF files of Mistral and Mixtral. */
    public static final Architecture LLAMA = llamaLike("llama")
            .experts(new ExpertRules(Presence.OPTIONAL, Gating.SOFTMAX, true, Width.FFN, Shared.NONE, false))
            .build();

    /** All architectures, in the order of messages. */
    static final List<Architecture> ALL = List.of(
            LLAMA,
            // Mistral under a name of its own.
            llamaLike("mistral").build(),
            // Qwen2 and Qwen2.5: biases on Q, K and V.
            new ArchitectureBuilder("qwen2", HALVES)
                    .with(ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS)
                    .build(),
            // Qwen3: a norm on every head of Q and K.
            new ArchitectureBuilder("qwen3", HALVES)
                    .with(ATTN_Q_NORM, ATTN_K_NORM)
                    .build(),
            // Gemma 2: capped scores and logits, norms after both halves, a window on every other layer.
            gemmaLike("gemma2", new SoftCap(true, 30))
                    .with(ATTN_POST_NORM, FFN_POST_NORM)
                    .scoreCap(50)
                    .window(4096, 2, LocalRope.SAME)
                    .wideScale(46)
                    .build(),
            gemmaLike("gemma", SoftCap.NEVER).build(),
            // Gemma 3: norms of heads; five of six layers have a window and a separate rotary base.
            gemmaLike("gemma3", new SoftCap(true, 0))
                    .with(ATTN_Q_NORM, ATTN_K_NORM, ATTN_POST_NORM, FFN_POST_NORM)
                    .window(0, 6, LocalRope.OWN_BASE)
                    .wideScale(62)
                    .build(),
            // Phi-3 and Phi-4: fused tensors; files of models without a window may have its key.
            new ArchitectureBuilder("phi3", HALVES)
                    .mayHave(ATTN_QKV)
                    .with(FFN_GATE_UP)
                    .without(FFN_GATE, FFN_UP)
                    .ignoredWindow()
                    .build(),
            // Granite 3: scales of embeddings, residuals, scores and logits; a key disables the rotary embedding.
            graniteLike("granite").ropeOffKey().build(),
            // OLMo 2: norms only after the halves; norms of all queries and of all keys together.
            new ArchitectureBuilder("olmo2", HALVES)
                    .without(ATTN_NORM, FFN_NORM)
                    .with(ATTN_Q_NORM, ATTN_K_NORM, ATTN_POST_NORM, FFN_POST_NORM)
                    .wideNorms()
                    .window(0, 4, LocalRope.UNSCALED)
                    .build(),
            // Command R: both halves read one layer norm.
            new ArchitectureBuilder("command-r", ADJACENT)
                    .norm(NormKind.LAYER)
                    .parallel()
                    .logitFactor()
                    .build(),
            // StarCoder2: layer norms, biases everywhere, no gate.
            new ArchitectureBuilder("starcoder2", HALVES)
                    .norm(NormKind.LAYER)
                    .gate(GateFunction.GELU)
                    .without(FFN_GATE)
                    .with(ATTN_NORM_BIAS, FFN_NORM_BIAS, ATTN_OUTPUT_BIAS, FFN_DOWN_BIAS)
                    .mayHave(ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS, FFN_UP_BIAS)
                    .build(),
            // GLM-4: norms before and after both halves.
            new ArchitectureBuilder("glm4", ADJACENT)
                    .with(ATTN_POST_NORM, FFN_POST_NORM, FFN_GATE_UP)
                    .without(FFN_GATE, FFN_UP)
                    .mayHave(ATTN_QKV, ATTN_QKV_BIAS, ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS)
                    .build(),
            // SmolLM3: every fourth layer has no rotary embedding.
            new ArchitectureBuilder("smollm3", ADJACENT).plainEvery(4).build(),
            // Ministral 3 and the dense relatives of Mistral Large 3: queries are scaled by position.
            llamaLike("mistral3")
                    .temperature(TemperatureRule.TRAINED_POSITIONS)
                    .yarnLogarithm(1)
                    .yarnBetas()
                    .build(),
            // DeepSeek-V2, V3 and R1: latent attention, some dense layers, then experts and a shared one.
            new ArchitectureBuilder("deepseek2", ADJACENT)
                    .latent()
                    .temperature(TemperatureRule.KEY)
                    // The converter divides the multiplier by 10.
                    .yarnLogarithm(10)
                    .mayHave(FFN_CHOICE_BIAS)
                    .experts(new ExpertRules(Presence.REQUIRED, Gating.SOFTMAX, false, Width.KEY, Shared.COUNT, true))
                    .build(),
            // Qwen1.5 MoE and Qwen2 MoE: a shared expert with a gate, and weights that are not normalized after the
            // softmax.
            new ArchitectureBuilder("qwen2moe", HALVES)
                    .with(ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS, FFN_ROUTER_SHARED)
                    .experts(new ExpertRules(
                            Presence.REQUIRED, Gating.SOFTMAX, false, Width.KEY, Shared.KEY_OR_FFN, false))
                    .build(),
            // Qwen3 MoE.
            new ArchitectureBuilder("qwen3moe", HALVES)
                    .with(ATTN_Q_NORM, ATTN_K_NORM)
                    .experts(new ExpertRules(Presence.REQUIRED, Gating.SOFTMAX, true, Width.KEY, Shared.NONE, false))
                    .build(),
            // Granite 3 MoE: a shared expert if a key gives its width.
            graniteLike("granitemoe")
                    .experts(new ExpertRules(Presence.REQUIRED, Gating.SOFTMAX, true, Width.FFN, Shared.KEY, false))
                    .build(),
            // gpt-oss: sinks, a window on every other layer, biases everywhere, clamped SwiGLU.
            new ArchitectureBuilder("gpt-oss", HALVES)
                    .with(ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS, ATTN_OUTPUT_BIAS, ATTN_SINKS)
                    .named(FFN_NORM, "post_attention_norm.weight")
                    .with(FFN_ROUTER_BIAS, FFN_GATE_EXPERTS_BIAS, FFN_UP_EXPERTS_BIAS, FFN_DOWN_EXPERTS_BIAS)
                    .gate(GateFunction.SWIGLU_CLAMPED)
                    .window(0, 2, LocalRope.SAME)
                    .experts(new ExpertRules(
                            Presence.REQUIRED, Gating.SOFTMAX_OF_CHOSEN, false, Width.KEY, Shared.NONE, false))
                    .build());

    private Architectures() {}

    /** Returns the names of all architectures, as {@code general.architecture} has them. */
    public static List<String> names() {
        return ALL.stream().map(Architecture::ggufName).toList();
    }

    /** Gemma: embeddings times the square root of the width, GeGLU. */
    private static ArchitectureBuilder gemmaLike(String name, SoftCap logitCap) {
        return new ArchitectureBuilder(name, HALVES).gate(GateFunction.GEGLU).gemmaScales(logitCap);
    }

    /** Granite: scales that are set by keys. */
    private static ArchitectureBuilder graniteLike(String name) {
        return llamaLike(name).attentionScale().graniteScales();
    }

    /** Llama with optional biases. */
    private static ArchitectureBuilder llamaLike(String name) {
        return new ArchitectureBuilder(name, ADJACENT)
                .mayHave(ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS, ATTN_OUTPUT_BIAS)
                .mayHave(FFN_GATE_BIAS, FFN_UP_BIAS, FFN_DOWN_BIAS);
    }
}
