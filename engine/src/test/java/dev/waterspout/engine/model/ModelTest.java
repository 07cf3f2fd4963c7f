package dev.waterspout.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.plan.WeightBlocks;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.kernels.host.RopePairing;
import dev.waterspout.kernels.testing.TestData;
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
    void toleratesWhatRealFilesLack() {
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
                Arguments.of(SmallModel.of("deepseek2"), "deepseek2.attention.key_length_mla"),
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
}
