package dev.waterspout.engine.model;

import static dev.waterspout.engine.model.TensorRole.ATTN_K_BIAS;
import static dev.waterspout.engine.model.TensorRole.ATTN_K_NORM;
import static dev.waterspout.engine.model.TensorRole.ATTN_OUTPUT_BIAS;
import static dev.waterspout.engine.model.TensorRole.ATTN_POST_NORM;
import static dev.waterspout.engine.model.TensorRole.ATTN_Q_BIAS;
import static dev.waterspout.engine.model.TensorRole.ATTN_Q_NORM;
import static dev.waterspout.engine.model.TensorRole.ATTN_V_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_DOWN_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_GATE_BIAS;
import static dev.waterspout.engine.model.TensorRole.FFN_POST_NORM;
import static dev.waterspout.engine.model.TensorRole.FFN_UP_BIAS;
import static dev.waterspout.kernels.host.RopePairing.ADJACENT;
import static dev.waterspout.kernels.host.RopePairing.HALVES;

import dev.waterspout.engine.model.Architecture.LocalRope;
import dev.waterspout.engine.model.Architecture.SoftCap;
import dev.waterspout.kernels.host.GateFunction;
import java.util.List;

/** The architectures that there are, one expression each. */
public final class Architectures {
    /** Llama 1 to 3, TinyLlama, Granite Code, and Mistral as most GGUF files name it. */
    public static final Architecture LLAMA = llamaLike("llama").build();

    /** All, in the order in which messages list them. */
    static final List<Architecture> ALL = List.of(
            LLAMA,
            // Mistral under its own name.
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
                    .build());

    private Architectures() {}

    /** Gemma: embeddings times the root of the width, GeGLU. */
    private static ArchitectureBuilder gemmaLike(String name, SoftCap logitCap) {
        return new ArchitectureBuilder(name, HALVES).gate(GateFunction.GEGLU).gemmaScales(logitCap);
    }

    /** Llama with biases where a file has them. */
    private static ArchitectureBuilder llamaLike(String name) {
        return new ArchitectureBuilder(name, ADJACENT)
                .mayHave(ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS, ATTN_OUTPUT_BIAS)
                .mayHave(FFN_GATE_BIAS, FFN_UP_BIAS, FFN_DOWN_BIAS);
    }
}
