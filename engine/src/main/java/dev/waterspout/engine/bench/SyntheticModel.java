package dev.waterspout.engine.bench;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorRole;
import dev.waterspout.kernels.files.FileReplacement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A GGUF model of a known shape with random weights and a meaningless vocabulary. The same shape, type and seed give
 * the same bytes.
 *
 * @param shape its shape
 * @param type tensor type of the matrices
 */
public record SyntheticModel(Shape shape, GgmlType type) {
    private static final long SEED = 20260101;
    private static final int BYTE_TOKENS = 256;
    private static final List<String> SPECIAL = List.of("<unk>", "<s>", "</s>");
    private static final List<GgmlType> TYPES =
            List.of(GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0);

    /** Token types by their numbers in GGUF. */
    private static final int NORMAL = 1;

    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    /** Known shapes. */
    public enum Shape {
        /** 110M parameters: llama2.c's stories110M, whose output head is its embedding. */
        LLAMA_110M("llama-110m", 768, 12, 12, 12, 2048, 1024, 32_000) {
            @Override
            boolean tied() {
                return true;
            }
        },
        /** 1.1B parameters: TinyLlama. */
        TINYLLAMA_1_1B("tinyllama-1.1b", 2048, 22, 32, 4, 5632, 2048, 32_000),
        /** 8B parameters: Llama 3 8B (arXiv 2407.21783, table 3). */
        LLAMA_3_8B("llama-3-8b", 4096, 32, 32, 8, 14_336, 8192, 128_256),
        /** 70B parameters: Llama 3 70B (the same table). */
        LLAMA_3_70B("llama-3-70b", 8192, 80, 64, 8, 28_672, 8192, 128_256);

        private static final float RMS_EPSILON = 1e-5f;

        private final String label;
        private final int width;
        private final int layers;
        private final int heads;
        private final int kvHeads;
        private final int ffnWidth;
        private final int context;
        private final int vocabulary;

        Shape(String label, int width, int layers, int heads, int kvHeads, int ffnWidth, int context, int vocabulary) {
            this.label = label;
            this.width = width;
            this.layers = layers;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.ffnWidth = ffnWidth;
            this.context = context;
            this.vocabulary = vocabulary;
        }

        /** Returns the name on the command line. */
        public String label() {
            return label;
        }

        /** Returns the configuration of a model of this shape. */
        public ModelConfig config() {
            return ModelConfig.llama(
                    label, context, width, layers, new ModelConfig.Heads(heads, kvHeads), ffnWidth, vocabulary);
        }

        /** Returns whether the output head shares the embedding's tensor. */
        boolean tied() {
            return false;
        }
    }

    /**
     * Parses a model as it is named on the command line.
     *
     * @param text {@code shape:type}, such as {@code tinyllama-1.1b:q8_0}
     * @throws IllegalArgumentException if either is unknown; the message lists the allowed values
     */
    public static SyntheticModel parse(String text) {
        int colon = text.indexOf(':');
        String shape = colon < 0 ? text : text.substring(0, colon);
        String type = colon < 0 ? "" : text.substring(colon + 1);
        List<Shape> shapes = Arrays.stream(Shape.values())
                .filter(each -> each.label.equals(shape))
                .toList();
        List<GgmlType> types = TYPES.stream()
                .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(type))
                .toList();
        if (shapes.isEmpty() || types.isEmpty()) {
            throw new IllegalArgumentException("model '" + text + "' is unknown; allowed is one of "
                    + Arrays.stream(Shape.values()).map(each -> each.label).collect(Collectors.joining(", "))
                    + ", a colon, and one of "
                    + TYPES.stream()
                            .map(each -> each.name().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining(", ")));
        }
        return new SyntheticModel(shapes.getFirst(), types.getFirst());
    }

    /**
     * Writes the file as a whole: an existing file stays until the new one is complete.
     *
     * @param path the file
     * @throws IOException if it cannot be written
     */
    public void write(Path path) throws IOException {
        FileReplacement.write(path, writer()::write);
    }

    private GgufWriter writer() {
        GgufWriter writer = new GgufWriter()
                .put("general.architecture", "llama")
                .put("general.name", shape.label + " of random weights")
                .put("llama.context_length", shape.context)
                .put("llama.embedding_length", shape.width)
                .put("llama.block_count", shape.layers)
                .put("llama.feed_forward_length", shape.ffnWidth)
                .put("llama.attention.head_count", shape.heads)
                .put("llama.attention.head_count_kv", shape.kvHeads)
                .put("llama.attention.layer_norm_rms_epsilon", Shape.RMS_EPSILON);
        putVocabulary(writer, shape.vocabulary);
        RandomTensors random = new RandomTensors(SEED);
        addMatrix(writer, random, "token_embd.weight", shape.width, shape.vocabulary);
        addNorm(writer, random, "output_norm.weight");
        if (!shape.tied()) {
            addMatrix(writer, random, "output.weight", shape.width, shape.vocabulary);
        }
        for (int layer = 0; layer < shape.layers; layer++) {
            addLayer(writer, random, layer);
        }
        return writer;
    }

    private void addLayer(GgufWriter writer, RandomTensors random, int layer) {
        int kvWidth = shape.width / shape.heads * shape.kvHeads;
        addNorm(writer, random, TensorRole.ATTN_NORM.name(layer));
        addMatrix(writer, random, TensorRole.ATTN_Q.name(layer), shape.width, shape.width);
        addMatrix(writer, random, TensorRole.ATTN_K.name(layer), shape.width, kvWidth);
        addMatrix(writer, random, TensorRole.ATTN_V.name(layer), shape.width, kvWidth);
        addMatrix(writer, random, TensorRole.ATTN_OUTPUT.name(layer), shape.width, shape.width);
        addNorm(writer, random, TensorRole.FFN_NORM.name(layer));
        addMatrix(writer, random, TensorRole.FFN_GATE.name(layer), shape.width, shape.ffnWidth);
        addMatrix(writer, random, TensorRole.FFN_UP.name(layer), shape.width, shape.ffnWidth);
        addMatrix(writer, random, TensorRole.FFN_DOWN.name(layer), shape.ffnWidth, shape.width);
    }

    private void addMatrix(GgufWriter writer, RandomTensors random, String name, int columns, int rows) {
        long elements = (long) columns * rows;
        writer.tensor(
                name, type, List.of((long) columns, (long) rows), sink -> random.writeMatrix(type, elements, sink));
    }

    private void addNorm(GgufWriter writer, RandomTensors random, String name) {
        writer.tensor(name, GgmlType.F32, List.of((long) shape.width), sink -> random.writeOnes(shape.width, sink));
    }

    /** Adds a vocabulary in the style of SentencePiece: three special tokens, all bytes, and numbers as words. */
    private static void putVocabulary(GgufWriter writer, int size) {
        List<String> tokens = new ArrayList<>(SPECIAL);
        for (int value = 0; value < BYTE_TOKENS; value++) {
            tokens.add(String.format(Locale.ROOT, "<0x%02X>", value));
        }
        for (int word = tokens.size(); word < size; word++) {
            tokens.add("\u2581" + word);
        }
        int[] types = new int[tokens.size()];
        Arrays.fill(types, NORMAL);
        Arrays.fill(types, 0, SPECIAL.size(), CONTROL);
        types[0] = UNKNOWN;
        Arrays.fill(types, SPECIAL.size(), SPECIAL.size() + BYTE_TOKENS, BYTE);
        writer.put("tokenizer.ggml.model", "llama")
                .put("tokenizer.ggml.tokens", tokens)
                .put("tokenizer.ggml.scores", GgufValue.Numbers.ofFloats(new float[tokens.size()]))
                .put("tokenizer.ggml.token_type", GgufValue.Numbers.ofInts(types))
                .put("tokenizer.ggml.unknown_token_id", 0)
                .put("tokenizer.ggml.bos_token_id", 1)
                .put("tokenizer.ggml.eos_token_id", 2);
    }
}
