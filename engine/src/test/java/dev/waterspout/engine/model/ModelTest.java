package dev.waterspout.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.plan.WeightBlocks;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.host.RopePairing;
import dev.waterspout.kernels.testing.TestData;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ModelTest {
    @Test
    void readsARealModelWithOddMetadata() {
        try (Model model = new Model(GgufFile.open(TestData.require("stories260K.gguf")))) {
            ModelConfig config = model.config();
            assertThat(config.architecture()).isEqualTo(Architectures.LLAMA);
            assertThat(config.vocabulary()).isEqualTo(512);
            assertThat(config.kvWidth()).isEqualTo(32);
            assertThat(config.ropes()).containsExactly(new RopeConfig(8, RopePairing.ADJACENT, 10_000));
            assertThat(model.tied()).isFalse();
            assertThat(WeightBlocks.of(model).ffn()).isEqualTo(1);
        }
        try (Model model = new Model(GgufFile.open(TestData.require("orator-q8_0.gguf")))) {
            assertThat(model.tied()).isTrue();
            assertThat(WeightBlocks.of(model).ffn()).isEqualTo(32);
        }
    }

    @Test
    void acceptsFilesWithoutOptionalFields() {
        try (Model model = SmallModel.of("llama").put("context_length", 0).load()) {
            assertThat(model.config().contextLength()).isZero();
            assertThat(model.config().name()).isEqualTo("llama");
        }
        try (Model model = SmallModel.of("llama").drop("context_length").load()) {
            assertThat(model.config().contextLength()).isZero();
        }
        try (Model model = SmallModel.of("llama").put("vocab_size", 7).load()) {
            assertThat(model.config().vocabulary()).isEqualTo(SmallModel.VOCABULARY);
        }
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of(SmallModel.of("mamba"), "architecture 'mamba'"),
                Arguments.of(SmallModel.of("llama").drop("embedding_length"), "llama.embedding_length is missing"),
                Arguments.of(SmallModel.of("llama").put("block_count", 0), "llama.block_count is 0"),
                Arguments.of(SmallModel.of("llama").put("block_count", 3), "tensor blk.2.attn_norm.weight is missing"),
                Arguments.of(
                        SmallModel.of("llama").put("block_count", 1), "tensor blk.1.attn_norm.weight has no place"),
                Arguments.of(SmallModel.of("llama").put("attention.head_count_kv", 3), "head_count_kv is 3"),
                Arguments.of(
                        SmallModel.of("llama").put("attention.head_count", 7).put("attention.head_count_kv", 7),
                        "head_count is 7"),
                Arguments.of(SmallModel.of("llama").put("attention.value_length", 4), "value_length is 4"),
                Arguments.of(SmallModel.of("llama").put("feed_forward_length", 99), "calls for [64, 99]"),
                Arguments.of(SmallModel.of("llama").put("rope.dimension_count", 7), "dimension_count is 7"),
                Arguments.of(SmallModel.of("llama").put("rope.freq_base", -1f), "freq_base is -1.0"),
                Arguments.of(SmallModel.of("llama").put("rope.scaling.type", "wave"), "'wave'"),
                Arguments.of(
                        SmallModel.of("llama").put("attention.layer_norm_rms_epsilon", Float.NaN),
                        "rms_epsilon is NaN"),
                Arguments.of(SmallModel.of("llama").without("output_norm.weight"), "output_norm.weight is missing"),
                Arguments.of(SmallModel.of("llama").withHeadNorms(), "attn_q_norm.weight has no place"),
                Arguments.of(
                        SmallModel.of("qwen2").withBiases().tensor("blk.0.attn_output.bias", 1, 64),
                        "attn_output.bias has no place"),
                Arguments.of(
                        SmallModel.of("llama").put("expert_count", 4).put("expert_used_count", 2),
                        "llama.expert_count is 4, and the file has no tensors of experts"),
                Arguments.of(
                        SmallModel.of("llama").tensor("blk.0.ffn_gate_exps.weight", 1, 64, 160, 4),
                        "llama.expert_count is missing or 0"),
                Arguments.of(
                        SmallModel.of("llama")
                                .put("expert_count", 4)
                                .put("expert_used_count", 2)
                                .tensor("blk.0.ffn_gate.3.weight", 1, 64, 160),
                        "tensor blk.0.ffn_gate.3.weight holds one expert"),
                Arguments.of(
                        SmallModel.of("llama").put("attention.clamp_kqv", 8f),
                        "llama.attention.clamp_kqv is not supported"),
                Arguments.of(
                        SmallModel.of("llama").put("attention.sliding_window", 8),
                        "llama.attention.sliding_window is not supported"),
                Arguments.of(
                        SmallModel.of("llama").put("rope.scaling.alpha", 8f),
                        "llama.rope.scaling.alpha is not supported"),
                Arguments.of(SmallModel.of("llama").put("logit_scale", 2f), "llama.logit_scale is not supported"),
                Arguments.of(
                        SmallModel.of("llama").put("attn_logit_softcapping", 2f),
                        "llama.attn_logit_softcapping is not supported"),
                Arguments.of(SmallModel.of("llama").put("attention.key_length_swa", 4), "key_length_swa is 4"),
                Arguments.of(SmallModel.of("llama").put("rope.scaling.factor", -2f), "rope.scaling.factor is -2.0"),
                Arguments.of(
                        SmallModel.of("llama").tensor("blk.0.attn_sinks.weight", 1, 8),
                        "attn_sinks.weight has no place"),
                Arguments.of(
                        SmallModel.of("llama").tensor("blk.0.post_ffw_norm.weight", 1, 64),
                        "post_ffw_norm.weight has no place"),
                Arguments.of(SmallModel.of("llama").tensor("output.bias", 1, 260), "output.bias has no place"),
                Arguments.of(SmallModel.of("deepseek2"), "deepseek2.attention.kv_lora_rank is missing"),
                Arguments.of(
                        SmallModel.of("deepseek2").put("attention.key_length_mla", 40),
                        "only one of deepseek2.attention.key_length_mla and"),
                Arguments.of(SmallModel.of("qwen2"), "blk.0.attn_q.bias is missing"),
                Arguments.of(SmallModel.of("qwen3"), "blk.0.attn_q_norm.weight is missing"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("refused")
    void refusesWhatItCannotRunInOneSentence(SmallModel small, String says) {
        assertThatThrownBy(small::load)
                .isInstanceOf(ModelException.class)
                .hasMessageContaining(says)
                .message()
                .doesNotContain("\n");
    }

    /** Keys that llama.cpp writes for every architecture and reads for only a few. */
    @Test
    void keysWithoutEffectAreReported() {
        SmallModel plain = yarn("qwen2").withBiases();
        SmallModel others = yarn("qwen2")
                .withBiases()
                .put("rope.scaling.yarn_beta_fast", 4f)
                .put("rope.scaling.yarn_beta_slow", 2f)
                .put("rope.scaling.yarn_log_multiplier", 0.5f)
                .put("attention.clamp_kqv", 0f)
                .put("expert_count", 0);
        try (Model expected = plain.load();
                Model model = others.load()) {
            assertThat(model.config()).isEqualTo(expected.config());
        }
        try (Model expected = yarn("mistral3").load();
                Model betas = yarn("mistral3")
                        .put("rope.scaling.yarn_beta_slow", 0.01f)
                        .load();
                Model multiplier = yarn("mistral3")
                        .put("rope.scaling.yarn_log_multiplier", 1f)
                        .load()) {
            assertThat(betas.config().ropes()).isNotEqualTo(expected.config().ropes());
            assertThat(multiplier.config().ropes().getFirst().magnitude()).isEqualTo(1);
        }
    }

    private static SmallModel yarn(String architecture) {
        return SmallModel.of(architecture)
                .put("rope.scaling.type", "yarn")
                .put("rope.scaling.factor", 4f)
                .put("rope.scaling.original_context_length", 32);
    }

    @Test
    void theAttentionFactorIsReadWithAnyScaling() {
        for (String type : List.of("none", "linear", "yarn", "longrope")) {
            double once = magnitude(yarn("llama").put("rope.scaling.type", type));
            double more = magnitude(yarn("llama").put("rope.scaling.type", type).put("rope.scaling.attn_factor", 1.5f));
            assertThat(more).as(type).isEqualTo(1.5 * once);
        }
    }

    private static double magnitude(SmallModel small) {
        try (Model model = small.load()) {
            return model.config().ropes().getFirst().magnitude();
        }
    }

    /** Layers with a window: two of three, then all. Layers with a window have their own rotary base. */
    @Test
    void thePatternOfWindowsIsRead() {
        SmallModel small = SmallModel.of("olmo2");
        for (int layer = 0; layer < SmallModel.LAYERS; layer++) {
            small.without("blk." + layer + ".attn_norm.weight")
                    .without("blk." + layer + ".ffn_norm.weight")
                    .tensor("blk." + layer + ".attn_q_norm.weight", 1, SmallModel.WIDTH)
                    .tensor("blk." + layer + ".attn_k_norm.weight", 1, SmallModel.WIDTH / 2)
                    .tensor("blk." + layer + ".post_attention_norm.weight", 1, SmallModel.WIDTH)
                    .tensor("blk." + layer + ".post_ffw_norm.weight", 1, SmallModel.WIDTH);
        }
        assertThat(windows(small)).containsExactly(0, 0);
        assertThat(windows(small.put("attention.sliding_window", 8))).containsExactly(8, 8);
        assertThat(windows(small.put("attention.sliding_window_pattern", 2))).containsExactly(8, 0);
        assertThat(windows(small.put("attention.sliding_window_pattern", 1))).containsExactly(0, 0);
        assertThat(windows(small.put("attention.sliding_window_pattern", 0))).containsExactly(8, 8);
        assertThatThrownBy(small.put("rope.freq_base_swa", 5f)::load)
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("olmo2.rope.freq_base_swa is another than olmo2.rope.freq_base");
    }

    private static List<Integer> windows(SmallModel small) {
        try (Model model = small.load()) {
            return model.config().traits().stream().map(LayerTraits::window).toList();
        }
    }
}
