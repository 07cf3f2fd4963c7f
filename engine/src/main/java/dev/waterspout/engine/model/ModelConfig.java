package dev.waterspout.engine.model;

import dev.waterspout.engine.gguf.GgufMetadata;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a model and the traits of its layers.
 *
 * @param architecture its family
 * @param name {@code general.name}, or the architecture's name
 * @param contextLength trained context in positions; 0 if unknown
 * @param unscaledContext trained context before position scaling; 0 if unknown
 * @param width elements of a hidden state
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim elements of a cached key, and of a query that scores it
 * @param ffnWidth inner width of the FFN
 * @param vocabulary tokens
 * @param epsilon added to the mean square or the variance in norms
 * @param scales scales of hidden states and logits
 * @param temperature temperature of queries
 * @param latent the shape of latent attention, or null if the cache holds keys and values
 * @param experts experts of the layers that have them, or null
 * @param traits one per layer
 */
public record ModelConfig(
        Architecture architecture,
        String name,
        int contextLength,
        int unscaledContext,
        int width,
        int heads,
        int kvHeads,
        int headDim,
        int ffnWidth,
        int vocabulary,
        float epsilon,
        Scales scales,
        Temperature temperature,
        @Nullable Latent latent,
        @Nullable Experts experts,
        List<LayerTraits> traits) {
    /** Copies the list. */
    public ModelConfig {
        traits = List.copyOf(traits);
    }

    /**
     * Reads the shape.
     *
     * @param metadata metadata of the file
     * @param vocabulary rows of the embedding table, the default of {@code vocab_size}
     * @throws ModelException if a key is missing, out of range, contradicts another, or is unknown
     */
    public static ModelConfig from(GgufMetadata metadata, int vocabulary) {
        Architecture architecture = Architecture.of(metadata.string("general.architecture")
                .orElseThrow(() -> new ModelException("general.architecture is missing")));
        String name = metadata.string("general.name").orElse(architecture.ggufName());
        return new ConfigReader(architecture, new Keys(metadata, architecture.ggufName())).read(name, vocabulary);
    }

    /**
     * Describes a plain Llama, without a file.
     *
     * @param name name in error messages
     * @param contextLength trained context in positions
     * @param width elements of a hidden state
     * @param layers transformer blocks
     * @param heads query heads and KV heads
     * @param ffnWidth inner width of the FFN
     * @param vocabulary tokens
     */
    public static ModelConfig llama(
            String name, int contextLength, int width, int layers, Heads heads, int ffnWidth, int vocabulary) {
        int headDim = width / heads.queries();
        RopeConfig rope =
                new RopeConfig(headDim, Architectures.LLAMA.attention().rope().pairing(), ConfigReader.ROPE_BASE);
        LayerTraits layer = new LayerTraits((float) (1 / Math.sqrt(headDim)), 0, 0, rope, false);
        return new ModelConfig(
                Architectures.LLAMA,
                name,
                contextLength,
                contextLength,
                width,
                heads.queries(),
                heads.keys(),
                headDim,
                ffnWidth,
                vocabulary,
                1e-5f,
                Scales.NONE,
                Temperature.NONE,
                null,
                null,
                IntStream.range(0, layers).mapToObj(_ -> layer).toList());
    }

    /**
     * Numbers of heads.
     *
     * @param queries query heads
     * @param keys key and value heads
     */
    public record Heads(int queries, int keys) {}

    /** Returns the number of transformer blocks. */
    public int layers() {
        return traits.size();
    }

    /** Returns the sliding window, which is the same for all layers that have one; 0 if no layer has one. */
    public int window() {
        return traits.stream().mapToInt(LayerTraits::window).max().orElse(0);
    }

    /** Returns the rotary embeddings of all layers, each once. */
    public List<RopeConfig> ropes() {
        return traits.stream()
                .map(LayerTraits::rope)
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }

    /** Returns the elements of a head in the output of the query matrix. */
    public int queryDim() {
        return latent == null ? headDim : latent.queryDim();
    }

    /** Returns the elements of a head in the input of the output projection. */
    public int attendedDim() {
        return latent == null ? headDim : latent.values();
    }

    /** Returns the elements of all query heads together. */
    public int queryWidth() {
        return heads * queryDim();
    }

    /** Returns the number of elements of all key heads together, which equals that of all value heads. */
    public int kvWidth() {
        return kvHeads * headDim;
    }

    /** Returns the query heads that share one KV head. */
    public int groupSize() {
        return heads / kvHeads;
    }

    /** Returns whether a layer has a tensor. */
    Presence presence(TensorRole role, int layer) {
        boolean withExperts = traits.get(layer).experts();
        boolean shared = withExperts && experts != null && experts.sharedWidth() > 0;
        boolean twoSteps = latent != null && latent.queryRank() > 0;
        if (role == TensorRole.ATTN_KV_B) {
            return latent != null && latent.unsplit() ? Presence.REQUIRED : Presence.NEVER;
        }
        if (role.container() == TensorRole.ATTN_KV_B && latent != null && latent.unsplit()) {
            return Presence.NEVER; // as a separate tensor
        }
        boolean possible = role.isOfSharedExpert()
                ? shared
                : role.isOfExperts()
                        ? withExperts
                        : role.isOfQueryLatent()
                                ? twoSteps
                                : !(role.isOfFfn() && withExperts) && !(role == TensorRole.ATTN_Q && twoSteps);
        return possible ? architecture.presence(role) : Presence.NEVER;
    }

    /** Returns whether any layer has an FFN in place of experts. */
    public boolean hasDenseLayers() {
        return traits.stream().anyMatch(layer -> !layer.experts());
    }

    /**
     * Returns the inner columns of all FFNs, chosen experts and shared experts that process a token, summed over the
     * layers.
     *
     * @param ffn columns of an FFN
     * @param expert columns of an expert
     * @param shared columns of the shared expert
     */
    public double activeColumns(int ffn, int expert, int shared) {
        double mixture = experts == null ? 0 : (double) experts.used() * expert + shared;
        return traits.stream()
                .mapToDouble(layer -> layer.experts() ? mixture : ffn)
                .sum();
    }

    /** Returns the length of an extent. */
    int size(Extent extent) {
        boolean wide = architecture.tensors().wideNorms();
        return switch (extent) {
            case ONE -> 1;
            case WIDTH -> width;
            case QUERIES -> queryWidth();
            case KEYS -> kvWidth();
            case ATTENDED -> heads * attendedDim();
            case QUERY_LATENT -> latent == null ? 0 : latent.queryRank();
            case LATENT -> latent == null ? 0 : latent.rank();
            case PLAIN -> latent == null ? 0 : latent.plain();
            case VALUE -> latent == null ? 0 : latent.values();
            case PLAINS_VALUES -> latent == null ? 0 : heads * (latent.plain() + latent.values());
            case QUERIES_KEYS_VALUES -> queryWidth() + 2 * kvWidth();
            case QUERY_NORM -> wide ? queryWidth() : headDim;
            case KEY_NORM -> wide ? kvWidth() : headDim;
            case HEADS -> heads;
            case FFN -> ffnWidth;
            case FFN_TWICE -> 2 * ffnWidth;
            case EXPERTS -> experts == null ? 0 : experts.count();
            case EXPERT -> experts == null ? 0 : experts.width();
            case SHARED_EXPERT -> experts == null ? 0 : experts.sharedWidth();
        };
    }
}
