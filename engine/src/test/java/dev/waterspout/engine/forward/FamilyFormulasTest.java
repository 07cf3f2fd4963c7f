package dev.waterspout.engine.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.testing.Groups;
import dev.waterspout.engine.testing.PlainTransformer;
import dev.waterspout.engine.testing.PlainTransformer.Sizes;
import dev.waterspout.engine.testing.TinyModel;
import dev.waterspout.kernels.host.HostKernels;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Model families without reference logits of another engine, compared with their published definitions in double
 * precision.
 */
@Timeout(60)
class FamilyFormulasTest {
    private static final int[] TOKENS = {1, 70, 5, 59, 31, 20, 7, 7, 90, 12, 44, 3, 81};
    private static final int WIDTH = 48;
    private static final int LAYERS = 3;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int FFN = 80;

    private static Map<String, Object> keys(Map<String, Object> own) {
        Map<String, Object> keys = new HashMap<>(Map.of(
                "context_length", 64,
                "embedding_length", WIDTH,
                "block_count", LAYERS,
                "feed_forward_length", FFN,
                "attention.head_count", HEADS,
                "attention.head_count_kv", KV_HEADS,
                "attention.layer_norm_rms_epsilon", 1e-5));
        keys.putAll(own);
        return keys;
    }

    private static Sizes sizes(int headDim) {
        return new Sizes(WIDTH, LAYERS, HEADS, KV_HEADS, headDim);
    }

    private static void check(TinyModel tiny, PlainTransformer plain) {
        double[] expected = plain.logits(TOKENS);
        for (int ranks : new int[] {1, 2, 4}) {
            try (Model model = tiny.load();
                    RankGroup group = Groups.start(model, ranks, "f32", HostKernels.vector())) {
                float[] found = Groups.logits(group, TOKENS);
                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) found[i])
                            .as("%d ranks, token %d", ranks, i)
                            .isCloseTo(expected[i], within(1e-4));
                }
            }
        }
    }

    /**
     * Gemma (arXiv 2403.08295): embeddings times the square root of the width, the tanh approximation of GELU, heads
     * wider than width / heads, tied embeddings.
     */
    @Test
    void gemma() {
        TinyModel tiny =
                new TinyModel("gemma", keys(Map.of("attention.key_length", 24, "attention.value_length", 24)), true);
        check(tiny, new PlainTransformer(tiny.tensors(), sizes(24)) {
            @Override
            protected double embeddingScale() {
                return Math.sqrt(WIDTH);
            }

            @Override
            protected int[] pair(int pair) {
                return new int[] {pair, pair + 12};
            }

            @Override
            protected double activation(double x) {
                return x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            }
        });
    }

    /**
     * GLM-4-0414: rotary embedding on half of each head, biases on Q, K and V, gate and up in one tensor, norms after
     * both half layers.
     */
    @Test
    void glm4() {
        TinyModel tiny = new TinyModel("glm4", keys(Map.of("rope.dimension_count", 6)), false);
        for (int layer = 0; layer < LAYERS; layer++) {
            tiny.with("blk." + layer + ".attn_q.bias", WIDTH)
                    .with("blk." + layer + ".attn_k.bias", WIDTH / 2)
                    .with("blk." + layer + ".attn_v.bias", WIDTH / 2);
        }
        check(tiny, new PlainTransformer(tiny.tensors(), sizes(12)) {
            @Override
            protected int rotary() {
                return 6;
            }

            @Override
            protected double[] feedForward(String layer, double[] h) {
                double[] both = multiply(layer + "ffn_up.weight", h);
                double[] gate = Arrays.copyOfRange(both, 0, FFN);
                double[] up = Arrays.copyOfRange(both, FFN, 2 * FFN);
                return multiply(layer + "ffn_down.weight", gated(gate, up));
            }
        });
    }

    /**
     * Granite 3 MoE: scales of embeddings, attention scores, residuals and logits; the weights of the chosen experts
     * sum to 1.
     */
    @Test
    void graniteMoe() {
        Map<String, Object> own = new HashMap<>(Map.of("expert_count", 6, "expert_used_count", 2));
        own.putAll(
                Map.of("embedding_scale", 12.0, "residual_scale", 0.25, "attention.scale", 0.375, "logit_scale", 8.0));
        TinyModel tiny = new TinyModel("granitemoe", keys(own), false);
        check(tiny, new PlainTransformer(tiny.tensors(), sizes(12)) {
            @Override
            protected double embeddingScale() {
                return 12;
            }

            @Override
            protected double residualScale() {
                return 0.25;
            }

            @Override
            protected double scoreScale() {
                return 0.375;
            }

            @Override
            protected double logitScale() {
                return 1 / 8.0;
            }

            @Override
            protected double[] feedForward(String layer, double[] h) {
                return mixture(layer, h, 2);
            }
        });
    }

    /**
     * Ministral 3: YaRN (arXiv 2309.00071, section 3.2) from 8 positions by a factor of 16, without its attention
     * factor, and queries whose scale grows with the logarithm of position / original context.
     */
    @Test
    void mistral3() {
        Map<String, Object> own = new HashMap<>(Map.of(
                "rope.scaling.type", "yarn",
                "rope.scaling.factor", 16.0,
                "rope.scaling.original_context_length", 8,
                "rope.scaling.yarn_beta_fast", 0.5,
                "rope.scaling.yarn_beta_slow", 0.05,
                "rope.scaling.yarn_log_multiplier", 1.0,
                "rope.freq_base", 100.0,
                "attention.temperature_scale", 0.4));
        TinyModel tiny = new TinyModel("mistral3", keys(own), false);
        check(tiny, new PlainTransformer(tiny.tensors(), sizes(12)) {
            @Override
            protected double queryScale(int position) {
                return 1 + 0.4 * Math.log(1 + Math.floor(position / 8.0));
            }

            @Override
            protected double frequency(int pair) {
                double plain = Math.pow(100, -2.0 * pair / 12);
                double low = Math.max(0, Math.floor(dimension(0.5)));
                double high = Math.min(11, Math.ceil(dimension(0.05)));
                double ramp = Math.min(1, Math.max(0, (pair - low) / (high - low)));
                return plain / 16 * ramp + plain * (1 - ramp);
            }

            // The rotary pair that makes this number of full turns within 8 positions.
            private double dimension(double turns) {
                return 12 * Math.log(8 / (turns * 2 * Math.PI)) / (2 * Math.log(100));
            }
        });
    }
}
