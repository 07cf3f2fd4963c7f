package dev.waterspout.engine.bench;

import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufValueType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shapes that there are, from the configurations that the models were published with; at least one per
 * architecture.
 */
public final class ModelShapes {
    /** 110M parameters: llama2.c's stories110M. */
    public static final ModelShape LLAMA_110M =
            llama("llama-110m").size(768, 12, 2048, 1024).heads(12, 12).tied(32_000);

    /** 70B parameters: Llama 3 70B (arXiv 2407.21783, table 3). */
    public static final ModelShape LLAMA_3_70B = llama("llama-3-70b")
            .size(8192, 80, 28_672, 8192)
            .heads(64, 8)
            .real("rope.freq_base", 500_000)
            .untied(128_256);

    /** All, small ones of a family first. */
    public static final List<ModelShape> ALL = List.of(
            LLAMA_110M,
            llama("tinyllama-1.1b").size(2048, 22, 5632, 2048).heads(32, 4).untied(32_000),
            llama("llama-3-8b")
                    .size(4096, 32, 14_336, 8192)
                    .heads(32, 8)
                    .real("rope.freq_base", 500_000)
                    .untied(128_256),
            LLAMA_3_70B,
            llama("mixtral-8x7b")
                    .size(4096, 32, 14_336, 32_768)
                    .heads(32, 8)
                    .real("rope.freq_base", 1e6)
                    .experts(8, 2)
                    .untied(32_000),
            shape("mistral-7b", "mistral")
                    .size(4096, 32, 14_336, 32_768)
                    .heads(32, 8)
                    .real("rope.freq_base", 1e6)
                    .untied(32_768),
            shape("ministral-3-3b", "mistral3")
                    .size(3072, 26, 9216, 262_144)
                    .heads(32, 8)
                    .headDim(128)
                    .real("rope.freq_base", 1e6)
                    .yarn(16, 16_384)
                    .real("rope.scaling.yarn_log_multiplier", 1)
                    .real("attention.temperature_scale", 0.1)
                    .tied(131_072),
            shape("qwen2.5-0.5b", "qwen2")
                    .size(896, 24, 4864, 32_768)
                    .heads(14, 2)
                    .real("rope.freq_base", 1e6)
                    .tied(151_936),
            shape("qwen2.5-14b", "qwen2")
                    .size(5120, 48, 13_824, 32_768)
                    .heads(40, 8)
                    .real("rope.freq_base", 1e6)
                    .untied(152_064),
            shape("qwen2.5-32b", "qwen2")
                    .size(5120, 64, 27_648, 32_768)
                    .heads(40, 8)
                    .real("rope.freq_base", 1e6)
                    .untied(152_064),
            shape("qwen3-0.6b", "qwen3")
                    .size(1024, 28, 3072, 40_960)
                    .heads(16, 8)
                    .headDim(128)
                    .real("rope.freq_base", 1e6)
                    .tied(151_936),
            shape("qwen1.5-moe-a2.7b", "qwen2moe")
                    .size(2048, 24, 5632, 8192)
                    .heads(16, 16)
                    .real("rope.freq_base", 1e6)
                    .experts(60, 4)
                    .number("expert_feed_forward_length", 1408)
                    .number("expert_shared_feed_forward_length", 5632)
                    .untied(151_936),
            shape("qwen3-30b-a3b", "qwen3moe")
                    .size(2048, 48, 6144, 40_960)
                    .heads(32, 4)
                    .headDim(128)
                    .real("rope.freq_base", 1e6)
                    .experts(128, 8)
                    .number("expert_feed_forward_length", 768)
                    .untied(151_936),
            shape("gemma-2b", "gemma")
                    .size(2048, 18, 16_384, 8192)
                    .heads(8, 1)
                    .headDim(256)
                    .tied(256_000),
            shape("gemma-2-2b", "gemma2")
                    .size(2304, 26, 9216, 8192)
                    .heads(8, 4)
                    .headDim(256)
                    .number("attention.sliding_window", 4096)
                    .tied(256_000),
            shape("gemma-3-1b", "gemma3")
                    .size(1152, 26, 6912, 32_768)
                    .heads(4, 1)
                    .headDim(256)
                    .number("attention.sliding_window", 512)
                    .real("rope.freq_base", 1e6)
                    .tied(262_144),
            shape("phi-3-mini", "phi3").size(3072, 32, 8192, 4096).heads(32, 32).untied(32_064),
            granite("granite-3-2b", "granite", 8)
                    .size(2048, 40, 8192, 4096)
                    .heads(32, 8)
                    .tied(49_155),
            granite("granite-3-1b-a400m", "granitemoe", 6)
                    .size(1024, 24, 512, 4096)
                    .heads(16, 8)
                    .experts(32, 8)
                    .tied(49_155),
            shape("olmo-2-1b", "olmo2")
                    .size(2048, 16, 8192, 4096)
                    .heads(16, 16)
                    .real("rope.freq_base", 500_000)
                    .untied(100_352),
            shape("command-r", "command-r")
                    .size(8192, 40, 22_528, 131_072)
                    .heads(64, 64)
                    .real("rope.freq_base", 8e6)
                    .real("logit_scale", 0.0625)
                    .tied(256_000),
            shape("starcoder2-3b", "starcoder2")
                    .size(3072, 30, 12_288, 16_384)
                    .heads(24, 2)
                    .real("rope.freq_base", 999_999)
                    .tied(49_152),
            shape("glm-4-9b", "glm4")
                    .size(4096, 40, 13_696, 32_768)
                    .heads(32, 2)
                    .number("rope.dimension_count", 64)
                    .untied(151_552),
            shape("smollm3-3b", "smollm3")
                    .size(2048, 36, 11_008, 65_536)
                    .heads(16, 4)
                    .real("rope.freq_base", 5e6)
                    .tied(128_256),
            shape("deepseek-v2-lite", "deepseek2")
                    .size(2048, 27, 10_944, 163_840)
                    .heads(16, 1)
                    .number("attention.kv_lora_rank", 512)
                    .number("attention.key_length", 576)
                    .number("attention.value_length", 512)
                    .number("attention.key_length_mla", 192)
                    .number("attention.value_length_mla", 128)
                    .number("rope.dimension_count", 64)
                    .yarn(40, 4096)
                    .real("rope.scaling.yarn_log_multiplier", 0.0707)
                    .number("leading_dense_block_count", 1)
                    .experts(64, 6)
                    .number("expert_feed_forward_length", 1408)
                    .number("expert_shared_count", 2)
                    .untied(102_400),
            shape("gpt-oss-20b", "gpt-oss")
                    .size(2880, 24, 2880, 131_072)
                    .heads(64, 8)
                    .headDim(64)
                    .real("rope.freq_base", 150_000)
                    .yarn(32, 4096)
                    .number("attention.sliding_window", 128)
                    .experts(32, 4)
                    .number("expert_feed_forward_length", 2880)
                    .untied(201_088));

    private ModelShapes() {}

    private static Builder llama(String label) {
        return shape(label, "llama");
    }

    private static Builder granite(String label, String architecture, double logits) {
        return shape(label, architecture)
                .real("embedding_scale", 12)
                .real("residual_scale", 0.22)
                .real("attention.scale", 0.015625)
                .real("logit_scale", logits);
    }

    private static Builder shape(String label, String architecture) {
        return new Builder(label, architecture);
    }

    /** Collects the keys of a shape. */
    private static final class Builder {
        private final String label;
        private final String architecture;
        private final Map<String, GgufValue> keys = new LinkedHashMap<>();

        Builder(String label, String architecture) {
            this.label = label;
            this.architecture = architecture;
            boolean layerNorm = architecture.equals("command-r") || architecture.equals("starcoder2");
            real(layerNorm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", 1e-5);
        }

        Builder size(int width, int layers, int ffnWidth, int context) {
            return number("context_length", context)
                    .number("embedding_length", width)
                    .number("block_count", layers)
                    .number("feed_forward_length", ffnWidth);
        }

        Builder heads(int queries, int keysAndValues) {
            return number("attention.head_count", queries).number("attention.head_count_kv", keysAndValues);
        }

        Builder headDim(int elements) {
            return number("attention.key_length", elements).number("attention.value_length", elements);
        }

        Builder experts(int count, int used) {
            return number("expert_count", count).number("expert_used_count", used);
        }

        Builder yarn(double factor, int trained) {
            keys.put("rope.scaling.type", new GgufValue.Text("yarn"));
            return real("rope.scaling.factor", factor).number("rope.scaling.original_context_length", trained);
        }

        Builder number(String key, int value) {
            keys.put(key, new GgufValue.Int(GgufValueType.UINT32, value));
            return this;
        }

        Builder real(String key, double value) {
            keys.put(key, new GgufValue.Real(GgufValueType.FLOAT32, (float) value));
            return this;
        }

        ModelShape tied(int vocabulary) {
            return new ModelShape(label, architecture, vocabulary, true, keys);
        }

        ModelShape untied(int vocabulary) {
            return new ModelShape(label, architecture, vocabulary, false, keys);
        }
    }
}
