package dev.waterspout.engine.model;

import dev.waterspout.kernels.host.RopePairing;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The members of the Llama family, as data: what distinguishes them is the pairing of rotary dimensions and which optional
 * tensors a layer has.
 */
public enum Architecture {
    /** Llama 1 to 3, TinyLlama, and Mistral as most GGUF files name it. */
    LLAMA(RopePairing.ADJACENT, Presence.OPTIONAL, Presence.NEVER),
    /** Mistral under its own name. */
    MISTRAL(RopePairing.ADJACENT, Presence.OPTIONAL, Presence.NEVER),
    /** Qwen2 and Qwen2.5: biases on Q, K and V. */
    QWEN2(RopePairing.HALVES, Presence.REQUIRED, Presence.NEVER),
    /** Qwen3: RMSNorm on every head of Q and K. */
    QWEN3(RopePairing.HALVES, Presence.NEVER, Presence.REQUIRED);

    private final RopePairing pairing;
    private final Presence biases;
    private final Presence headNorms;

    Architecture(RopePairing pairing, Presence biases, Presence headNorms) {
        this.pairing = pairing;
        this.biases = biases;
        this.headNorms = headNorms;
    }

    /** Whether layers have a kind of tensor. */
    enum Presence {
        /** None has it. */
        NEVER,
        /** A model may have it. */
        OPTIONAL,
        /** Every layer has it. */
        REQUIRED
    }

    /** Returns the name in {@code general.architecture}, which is also the prefix of the metadata keys. */
    public String ggufName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns which dimensions of a head the rotary embedding turns together. */
    public RopePairing pairing() {
        return pairing;
    }

    /** Returns whether layers of this architecture have the tensor. */
    Presence presence(TensorRole role) {
        return switch (role) {
            case ATTN_Q_BIAS, ATTN_K_BIAS, ATTN_V_BIAS -> biases;
            case ATTN_Q_NORM, ATTN_K_NORM -> headNorms;
            default -> Presence.REQUIRED;
        };
    }

    /**
     * Finds an architecture by its name in a GGUF file.
     *
     * @param name value of {@code general.architecture}
     * @throws ModelException if this engine does not have it; names those that it has
     */
    public static Architecture of(String name) {
        return Arrays.stream(values())
                .filter(architecture -> architecture.ggufName().equals(name))
                .findFirst()
                .orElseThrow(() -> new ModelException("architecture '" + name + "' is not supported; supported are "
                        + Arrays.stream(values()).map(Architecture::ggufName).collect(Collectors.joining(", "))));
    }
}
