package dev.waterspout.engine.bench;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.engine.model.TensorShape;
import dev.waterspout.kernels.files.FileReplacement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A GGUF model of a known shape with random weights and a meaningless vocabulary. The same shape, type and seed give
 * the same bytes.
 *
 * @param shape its shape
 * @param type tensor type of the matrices; of those whose rows are no whole blocks of it, Q8_0 or F16
 */
public record SyntheticModel(ModelShape shape, GgmlType type) {
    private static final long SEED = 20260101;
    private static final int BYTE_TOKENS = 256;
    private static final List<String> SPECIAL = List.of("<unk>", "<s>", "</s>");
    /** Token types by their numbers in GGUF. */
    private static final int NORMAL = 1;

    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    /**
     * Parses a model as it is named on the command line.
     *
     * @param text {@code shape:type} or {@code shape@layers:type}, such as {@code tinyllama-1.1b:q8_0}
     * @throws IllegalArgumentException if either is unknown; the message lists the allowed values
     */
    public static SyntheticModel parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("model '" + text + "' is not a shape, a colon, and one of " + types());
        }
        return new SyntheticModel(ModelShape.of(text.substring(0, colon)), type(text.substring(colon + 1)));
    }

    /**
     * Finds a tensor type.
     *
     * @param text its name in lower case
     * @throws IllegalArgumentException if nothing computes with it; the message lists the allowed values
     */
    public static GgmlType type(String text) {
        return withWeights()
                .filter(type -> lower(type).equals(text))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException("tensor type '" + text + "' is unknown; allowed are " + types()));
    }

    private static Stream<GgmlType> withWeights() {
        return Stream.of(GgmlType.values()).filter(type -> type.weights().isPresent());
    }

    private static String types() {
        return withWeights().map(SyntheticModel::lower).collect(Collectors.joining(", "));
    }

    private static String lower(GgmlType type) {
        return type.name().toLowerCase(Locale.ROOT);
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
        GgufWriter writer = new GgufWriter();
        shape.metadata().forEach(writer::put);
        putVocabulary(writer, shape.vocabulary());
        RandomTensors random = new RandomTensors(SEED);
        for (TensorShape tensor : TensorShape.of(shape.config(), shape.tied())) {
            add(writer, random, tensor);
        }
        return writer;
    }

    private void add(GgufWriter writer, RandomTensors random, TensorShape tensor) {
        long elements = tensor.dimensions().stream().reduce(1L, Math::multiplyExact);
        GgmlType stored = stored(tensor);
        writer.tensor(tensor.name(), stored, tensor.dimensions(), sink -> {
            if (tensor.kind() == TensorShape.Kind.NORM) {
                random.writeOnes(Math.toIntExact(elements), sink);
            } else {
                random.writeMatrix(stored, elements, sink);
            }
        });
    }

    /** The type of a tensor, as published files have it: only experts are MXFP4, and rows are whole blocks. */
    GgmlType stored(TensorShape tensor) {
        return switch (tensor.kind()) {
            case NORM, BIAS, ROUTER -> GgmlType.F32;
            case EXPERTS -> fitting(type, tensor);
            case MATRIX ->
                fitting(type == GgmlType.MXFP4 && shape.config().experts() != null ? GgmlType.Q8_0 : type, tensor);
        };
    }

    private static GgmlType fitting(GgmlType type, TensorShape tensor) {
        long columns = tensor.dimensions().getFirst();
        return Stream.of(type, GgmlType.Q8_0, GgmlType.F16)
                .filter(each -> columns % each.blockElements() == 0)
                .findFirst()
                .orElseThrow();
    }

    /** Adds a vocabulary in the style of SentencePiece: three special tokens, all bytes, and numbers as words. */
    static void putVocabulary(GgufWriter writer, int size) {
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
