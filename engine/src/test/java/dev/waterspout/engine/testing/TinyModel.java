package dev.waterspout.engine.testing;

import dev.waterspout.engine.gguf.GgmlType;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.gguf.GgufMetadata;
import dev.waterspout.engine.gguf.GgufValue;
import dev.waterspout.engine.gguf.GgufValueType;
import dev.waterspout.engine.gguf.GgufWriter;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.engine.model.TensorShape;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A model of any architecture with random f32 weights, large enough that attention and routing change the logits, and
 * its weights.
 */
public final class TinyModel {
    public static final int VOCABULARY = 96;

    private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
    private final Map<String, List<Long>> shapes = new LinkedHashMap<>();
    private final Map<String, float[]> tensors = new LinkedHashMap<>();
    private final Random random = new Random(7);

    /**
     * @param architecture value of {@code general.architecture}
     * @param keys of the architecture; integers, floating-point numbers and strings
     * @param tied whether the output head is the embedding table
     */
    public TinyModel(String architecture, Map<String, Object> keys, boolean tied) {
        metadata.put("general.architecture", new GgufValue.Text(architecture));
        keys.forEach((key, value) -> metadata.put(architecture + "." + key, value(value)));
        ModelConfig config = ModelConfig.from(new GgufMetadata("tiny", metadata), VOCABULARY);
        for (TensorShape shape : TensorShape.of(config, tied)) {
            double spread = 1.5 / Math.sqrt(shape.dimensions().getFirst());
            switch (shape.kind()) {
                case NORM -> add(shape.name(), shape.dimensions(), 1, 0.2);
                case BIAS -> add(shape.name(), shape.dimensions(), 0, 0.3);
                default -> add(shape.name(), shape.dimensions(), 0, spread);
            }
        }
    }

    private static GgufValue value(Object value) {
        return switch (value) {
            case Integer number -> new GgufValue.Int(GgufValueType.UINT32, number);
            case Double number -> new GgufValue.Real(GgufValueType.FLOAT32, number.floatValue());
            case String text -> new GgufValue.Text(text);
            default -> throw new IllegalArgumentException("value " + value);
        };
    }

    /** Adds an optional tensor. */
    public TinyModel with(String name, long... dimensions) {
        add(
                name,
                IntStream.range(0, dimensions.length)
                        .mapToObj(i -> dimensions[i])
                        .toList(),
                0,
                0.3);
        return this;
    }

    private void add(String name, List<Long> dimensions, double mean, double spread) {
        float[] values =
                new float[dimensions.stream().reduce(1L, Math::multiplyExact).intValue()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + spread * random.nextGaussian());
        }
        shapes.put(name, dimensions);
        tensors.put(name, values);
    }

    /** The weights by name. */
    public Map<String, float[]> tensors() {
        return tensors;
    }

    /** The model, read from memory. */
    public Model load() {
        GgufWriter writer = new GgufWriter();
        metadata.forEach(writer::put);
        int[] types = new int[VOCABULARY];
        Arrays.fill(types, 1); // normal ones
        writer.put("tokenizer.ggml.model", "llama")
                .put(
                        "tokenizer.ggml.tokens",
                        IntStream.range(0, VOCABULARY).mapToObj(i -> "t" + i).toList())
                .put("tokenizer.ggml.scores", GgufValue.Numbers.ofFloats(new float[VOCABULARY]))
                .put("tokenizer.ggml.token_type", GgufValue.Numbers.ofInts(types));
        tensors.forEach((name, values) -> writer.tensor(
                name, GgmlType.F32, Objects.requireNonNull(shapes.get(name)), sink -> sink.write(bytes(values))));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            writer.write(Channels.newChannel(out));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return new Model(GgufFile.read("tiny", new ByteArrayInputStream(out.toByteArray())));
    }

    private static MemorySegment bytes(float[] values) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[values.length * Float.BYTES]);
        MemorySegment.copy(values, 0, bytes, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
        return bytes;
    }
}
